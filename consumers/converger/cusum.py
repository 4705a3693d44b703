"""Cumulative sums of log-likelihood ratios (CUSUM, Page 1954) over the hours of a share.

Each hour adds log P(its texts | share p1) - log P(its texts | share p0); p1 has `ODDS` times the odds of p0. The sum never
falls under 0, and p0 stands still while it is over 0, so that a change does not become its own yardstick. By Lorden (1971) a
sum of s comes by chance at most once in exp(s) hours, which is an honest rate of false alarms.

A change that has been sure for `HELD_HOURS`, or that is `OLD_HOURS` old, is news no more: its share becomes p0, and the sum
begins anew.
"""

import math
from dataclasses import dataclass, field

from consumers.converger.shares import CONCENTRATION, SHARE, SHARE_TEXTS

ODDS = 2.0
PAST_HOURS = 48
"""Hours with texts that must lie behind before a share can change."""
HALF_LIFE_HOURS = 336.0
MOST_TEXTS = 2000.0
MOST_SUM = 20.0
"""More is not remembered, so that a change that was sure for long ends soon after it goes back: once in 50,000 years."""
SURE_SUM = 14.0
"""A change is sure from here on: once in 137 years. So far under `MOST_SUM` that a few hours of moods do not unsettle it."""
HELD_HOURS = 72
"""Hours with texts for which a change is sure before it is the usual: no weekend lasts so long, and people have had days to
act; more than `PAST_HOURS`, so that the new share is known as well as an old one has to be."""
OLD_HOURS = 336
"""So old, sure or not, a change is no news either. Else one that texts are too few to make sure would be found once more when
the hours before it leave the history and p0 is known less well."""
CLUSTERING = 1.5
"""By how much moods make the variance of a share larger than that of so many texts apart."""
MOST_AN_HOUR = 0.7
"""What one hour may add: a change that a few hours make is a surge, and no slow one."""


@dataclass(slots=True)
class Past:
    """The faded texts that p0 is the share of; at first as much as nothing is known."""

    mass: float = SHARE * SHARE_TEXTS
    texts: float = SHARE_TEXTS

    @property
    def share(self) -> float:
        """p0."""
        return self.mass / self.texts

    @property
    def yardstick(self) -> float:
        """p0 and its standard error: what is held for usual for long must not be estimated too low."""
        return min(0.98, self.share + math.sqrt(self.share * (1 - self.share) / self.texts * CLUSTERING))

    def learn(self, mass: float, texts: float, hours: int) -> None:
        """Take in an hour, so many after the one before."""
        fade = 0.5 ** (hours / HALF_LIFE_HOURS)
        masses, whole = self.mass * fade + mass, self.texts * fade + texts
        self.mass, self.texts = masses * min(1.0, MOST_TEXTS / whole), min(MOST_TEXTS, whole)


@dataclass(slots=True)
class Stretch:
    """Hours with texts in a row: how many, the mass of the stance in them, and their texts."""

    hours: int = 0
    mass: float = 0.0
    texts: float = 0.0

    def add(self, mass: float, texts: float) -> None:
        """Take in an hour."""
        self.hours, self.mass, self.texts = self.hours + 1, self.mass + mass, self.texts + texts


@dataclass(slots=True)
class Cusum:
    """The sum over the hours so far, and what it is reckoned from."""

    past: Past = field(default_factory=Past)
    seen: int = 0
    last: int | None = None
    """How many hours had texts, and the last of them."""
    total: float = 0.0
    usual: float = SHARE
    yardstick: float = SHARE
    """p0 when the sum was last 0, without its standard error and with it."""
    since: int = 0
    changed: Stretch = field(default_factory=Stretch)
    """The hours since then, and the first of them."""
    held: Stretch = field(default_factory=Stretch)
    """The hours for which the change has been sure."""
    settled: float | None = None
    """The share of the last change that became the usual, as it was then."""

    def take(self, hour: int, mass: float, texts: float) -> None:
        """Take in the next ``hour`` with ``texts``, among them the ``mass`` of the stance."""
        if self.total == 0.0:
            self.usual, self.yardstick = self.past.share, self.past.yardstick
            self.since, self.changed = hour, Stretch()
        if self.seen >= PAST_HOURS:
            self.total = min(MOST_SUM, max(0.0, self.total + _evidence(mass, texts, self.yardstick)))
            self.changed.add(mass, texts)
        self.past.learn(mass, texts, 0 if self.last is None else hour - self.last)
        self.seen, self.last = self.seen + 1, hour
        self._hold(mass, texts)
        if self.held.hours >= HELD_HOURS:
            self._settle(self.held)
        elif self.total > 0.0 and hour - self.since >= OLD_HOURS:
            self._settle(self.changed)

    def _hold(self, mass: float, texts: float) -> None:
        """Count the hours of a change while it is sure."""
        if self.total < SURE_SUM:
            self.held = Stretch()
        else:
            self.held.add(mass, texts)

    def _settle(self, stretch: Stretch) -> None:
        """Take the share of ``stretch`` for usual from here on."""
        self.past = Past(stretch.mass, stretch.texts)
        self.settled, self.total, self.held = self.past.share, 0.0, Stretch()


def _evidence(mass: float, texts: float, usual: float) -> float:
    """The log-likelihood ratio of ``mass`` among ``texts``, for texts of an hour that go together as `CONCENTRATION` says."""
    share = min(max(usual, 0.02), 0.98)
    changed = ODDS * share / (1 - share + ODDS * share)
    ratio = mass * math.log(changed / share) + (texts - mass) * math.log((1 - changed) / (1 - share))
    return min(MOST_AN_HOUR, ratio / (1 + (max(texts, 1.0) - 1) / (CONCENTRATION + 1)))

"""A slow change of the share of a stance, which no window sees: cumulative log-likelihood ratios (CUSUM, Page 1954).

Each hour adds log P(its texts | share p1) - log P(its texts | share p0); p1 has `ODDS` times the odds of p0. The sum never
falls under 0, and p0 stands still while it is over 0, so that a change does not become its own yardstick. By Lorden (1971) a
sum of s comes by chance at most once in exp(s) hours, which is an honest rate of false alarms.
"""

import math
from dataclasses import dataclass

from consumers.converger.shares import CONCENTRATION, SHARE, SHARE_TEXTS
from consumers.converger.trend import Trend

ODDS = 2.0
PAST_HOURS = 48
"""Hours with texts that must lie behind before a share can change."""
HALF_LIFE_HOURS = 336.0
MOST_TEXTS = 2000.0
MOST_SUM = 20.0
"""More is not remembered, so that a change that was sure for long ends soon after it goes back: once in 50,000 years."""
CLUSTERING = 1.5
"""By how much moods make the variance of a share larger than that of so many texts apart."""
MOST_AN_HOUR = 0.7
"""What one hour may add: a change that a few hours make is a surge, and no slow one."""
LEAST_CHANGE = 0.12
LEAST_TEXTS = 20.0


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of share under way: since which hour, over how many texts, the share now and before, false alarms a day."""

    since: int
    texts: float
    share: float
    usual: float
    a_day: float

    @property
    def tells(self) -> bool:
        """Whether it is large enough to speak of, however sure."""
        return self.texts >= LEAST_TEXTS and self.share - self.usual >= LEAST_CHANGE


def shift(trend: Trend, measure: str, before: int) -> Shift | None:
    """The change that the hours of ``trend`` before minute ``before`` show to more of ``measure``; None where there is none."""
    part, whole, seen = SHARE * SHARE_TEXTS, SHARE_TEXTS, 0
    total = texts = mass = 0.0
    usual, yardstick, since, last = SHARE, SHARE, 0, None
    for hour, counts in trend.settled(before):
        if total == 0.0:
            usual, since, texts, mass = part / whole, hour, 0.0, 0.0
            yardstick = _yardstick(usual, whole)
        if seen >= PAST_HOURS:
            total = min(MOST_SUM, max(0.0, total + _evidence(counts.mass(measure), counts.weight, yardstick)))
            texts, mass = texts + counts.weight, mass + counts.mass(measure)
        fade = 0.5 ** ((hour - last) / HALF_LIFE_HOURS) if last is not None else 1.0
        part, whole = part * fade + counts.mass(measure), whole * fade + counts.weight
        part, whole = part * min(1.0, MOST_TEXTS / whole), min(MOST_TEXTS, whole)
        seen, last = seen + 1, hour
    if total == 0.0:
        return None
    return Shift(since, texts, mass / texts, usual, 24 * math.exp(-total))


def _yardstick(share: float, texts: float) -> float:
    """``share`` and its standard error over ``texts``: what is held for usual for long must not be estimated too low."""
    return min(0.98, share + math.sqrt(share * (1 - share) / texts * CLUSTERING))


def _evidence(mass: float, texts: float, usual: float) -> float:
    """The log-likelihood ratio of ``mass`` among ``texts``, for texts of an hour that go together as `CONCENTRATION` says."""
    share = min(max(usual, 0.02), 0.98)
    changed = ODDS * share / (1 - share + ODDS * share)
    ratio = mass * math.log(changed / share) + (texts - mass) * math.log((1 - changed) / (1 - share))
    return min(MOST_AN_HOUR, ratio / (1 + (max(texts, 1.0) - 1) / (CONCENTRATION + 1)))

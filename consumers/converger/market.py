"""A move of the whole market, which explains its members: most entities of a partition rise together.

Entities are spread over the partitions by the hash of their name, so those of one are a sample of all of them, and a move is
seen in each partition without asking the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.converger.budget import alarms_a_day
from consumers.converger.detector.tails import negative_binomial_tail
from consumers.converger.events import parse_subject
from consumers.converger.memory import Memory
from consumers.converger.recent import WINDOWS
from consumers.converger.surge import COLD_HOURS, LEAST_EXPECTED, Surge, expected_of

SUBJECT = "market/*"
LEAST_ENTITIES = 6
"""With fewer entities in a partition nothing can be said of the market."""
MOST_OF_THEM = 0.6
BY_CHANCE = 1e-2
"""Few texts each make many entities rise a little in a short window: together they must be less likely than this."""
RISEN = 1.5
"""An entity has risen from so many times its expected mass."""


@dataclass(frozen=True)
class Member:
    """An entity beside what was expected of it."""

    subject: str
    observed: float
    expected: float
    shape: float

    @property
    def risen(self) -> bool:
        """Whether it rose with the others."""
        return self.observed > RISEN * self.expected


@dataclass(frozen=True)
class Move:
    """A move of the market in one window: how many times the usual, and its entities, those that rose most first."""

    measure: str
    window: int
    members: tuple[Member, ...]

    @property
    def risen(self) -> tuple[Member, ...]:
        """The entities that rose."""
        return tuple(one for one in self.members if one.risen)

    def factor(self, without: str) -> float:
        """How many times the usual the entities come to, without one, and without the one that rose most: that is no market."""
        observed, expected = _sums([one for one in self.members if one.subject != without][1:])
        return max(1.0, observed / max(expected, LEAST_EXPECTED))

    @property
    def chance(self) -> float:
        """The probability that the entities come to so much by chance, without the one that rose most."""
        others = self.members[1:]
        observed, expected = _sums(others)
        return negative_binomial_tail(observed, expected, min(one.shape for one in others))

    @property
    def surge(self) -> Surge:
        """The move as one surge: the sums of its entities, the least of their shapes, since moods are shared."""
        observed, expected = _sums(self.members)
        tail = negative_binomial_tail(observed, expected, min(one.shape for one in self.members))
        return Surge(self.measure, self.window, observed, expected, tail, alarms_a_day(tail, self.measure, self.window))


def _sums(members: Sequence[Member]) -> tuple[float, float]:
    """What was observed of ``members`` and what was expected."""
    return sum(one.observed for one in members), sum(one.expected for one in members)


class Market:
    """The moves of the entities of a partition; those of one minute are reckoned once."""

    def __init__(self) -> None:
        self._end = -1
        self._moves: dict[tuple[str, int], Move | None] = {}

    def move(self, subjects: Mapping[str, Memory], measure: str, end: int, window: int) -> Move | None:
        """The move of the entities of ``subjects`` in the ``window`` minutes before ``end``; None where most did not rise."""
        if self._end != end:
            self._end, self._moves = end, {}
        if (measure, window) not in self._moves:
            self._moves[measure, window] = _move(subjects, measure, end, window)
        return self._moves[measure, window]

    def moves(self, subjects: Mapping[str, Memory], measure: str, end: int) -> list[Move]:
        """The moves in all windows that end at ``end``."""
        return [found for window in WINDOWS if (found := self.move(subjects, measure, end, window)) is not None]

    def explains(self, subjects: Mapping[str, Memory], subject: str, surge: Surge, end: int, a_day: float) -> bool:
        """Whether ``surge`` of ``subject`` is no surprise, beside ``a_day`` alarms a day, once it may rise as the others do."""
        found = self.move(subjects, surge.measure, end, surge.window)
        if found is None:
            return False
        shape = subjects[subject].baseline(surge.measure, end - surge.window).shape(surge.window)
        whole = f"*/{parse_subject(subject).entity}"
        tail = negative_binomial_tail(surge.observed, surge.expected * found.factor(whole), shape)
        return alarms_a_day(tail, surge.measure, surge.window) > a_day


def _move(subjects: Mapping[str, Memory], measure: str, end: int, window: int) -> Move | None:
    members = []
    for name, memory in sorted(subjects.items()):
        if name.startswith("*/") and name != "*/*":
            behind = memory.baseline(measure, end - window)
            if behind.hours >= COLD_HOURS and memory.heard(end):
                expected = expected_of(behind, end, window)
                observed = memory.recent.window(end, window).mass(measure)
                members.append(Member(name, observed, expected, behind.shape(window)))
    risen = sum(one.risen for one in members)
    if len(members) < LEAST_ENTITIES or risen < MOST_OF_THEM * len(members):
        return None
    found = Move(measure, window, tuple(sorted(members, key=lambda one: (one.expected - one.observed, one.subject))))
    return found if found.chance <= BY_CHANCE else None

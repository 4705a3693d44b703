"""A slow change of the share of a stance, which no window sees, and where the share settled after one.

All of it follows from the hours of the trend alone, so that a restart finds the same.
"""

import math
from dataclasses import dataclass

from consumers.converger.counts import Hours
from consumers.converger.cusum import Cusum

LEAST_CHANGE = 0.12
"""Points of share by which a change, however sure, must differ from the usual to be told."""
CLEARING_CHANGE = 0.08
"""Points of share under which what is told is over: a change near the edge must not flap."""
LEAST_TEXTS = 20
"""Texts before which nothing is said of a change. They only become more while it goes on."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of share under way: since which hour, over how many texts, the share now and before, false alarms a day."""

    since: int
    texts: float
    share: float
    usual: float
    a_day: float


@dataclass(frozen=True, slots=True)
class Course:
    """How the share of a stance went: the change under way, if any, and the share that it settled at after one, if it did.

    ``settled`` is usual by now though the hours before the change are still part of the past; what came since the change
    became usual can only lower it.
    """

    change: Shift | None = None
    settled: float | None = None


def course(hours: Hours, measure: str) -> Course:
    """How the share of ``measure`` went in ``hours``; a change is one to more."""
    found = Cusum()
    for hour, mass, texts in zip(*(one.tolist() for one in (hours.at, hours.mass(measure), hours.mass("texts"))), strict=True):
        found.take(hour, mass, texts)
    return Course(_change(found), None if found.settled is None else min(found.settled, found.past.share))


def _change(found: Cusum) -> Shift | None:
    told = found.changed
    if found.total == 0.0 or told.texts < LEAST_TEXTS:
        return None
    return Shift(found.since, told.texts, told.mass / told.texts, found.usual, 24 * math.exp(-found.total))

"""What to expect of a window, from the hourly counts before it: level, rhythm of the week, dispersion."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from consumers.converger.detector.dispersion import PRIOR, dispersion, over
from consumers.converger.detector.rhythm import DAY, WEEK, factors

HALF_LIFE_HOURS = 336.0
PRIOR_MASS = 1.0
PRIOR_HOURS = 2.0
"""A past of nothing is taken as one text in two hours."""
CAP = 8.0
CAP_MASS = 5.0
"""An hour counts for at most so many times what is typical of its hour of the day, and so much more: a surge is no rhythm."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The past of one count, as it stood before an hour: mass an hour, 168 factors, dispersion of an hour, weighted hours."""

    level: float
    rhythm: np.ndarray
    alpha: float
    mass: float
    hours: float

    @classmethod
    def of(cls, hours: Sequence[tuple[int, float]], before: int, origin: int) -> "Baseline":
        """The baseline of ``hours``, pairs of an hour since the epoch and its mass, of those before ``before`` alone.

        Hours since ``origin`` that are not named were empty, so it must not lie before the first hour that is kept.
        """
        span = before - origin
        if span <= 0:
            return cls(PRIOR_MASS / PRIOR_HOURS, np.ones(WEEK), PRIOR, 0.0, 0.0)
        return cls._learned(_dense(hours, before, origin), _Past.of(span, origin % WEEK))

    @classmethod
    def _learned(cls, counts: np.ndarray, past: "_Past") -> "Baseline":
        counts = _capped(counts, past)
        weighted = past.weights * counts
        mass = float(weighted.sum())
        level = (PRIOR_MASS + mass) / (PRIOR_HOURS + past.hours)
        rhythm = factors(np.bincount(past.place, weighted, WEEK), past.cells, level, PRIOR)
        alpha = dispersion(counts, level * rhythm[past.place], past.weights)
        return cls(level, rhythm, alpha, mass, past.hours)

    def expected(self, end_minute: int, length_minutes: int) -> float:
        """The mass to expect in the ``length_minutes`` before ``end_minute``, minutes since the epoch; over 0."""
        begin, total = end_minute - length_minutes, 0.0
        for hour in range(begin // 60, (end_minute - 1) // 60 + 1):
            minutes = min(end_minute, hour * 60 + 60) - max(begin, hour * 60)
            total += float(self.rhythm[hour % WEEK]) * minutes
        return self.level * total / 60

    def shape(self, length_minutes: int) -> float:
        """The negative binomial's shape for windows of ``length_minutes``, smaller (a heavier tail) while the past is short.

        Its inverse is the dispersion of the window's rate plus the variance of the level's own estimate, relative to its
        square: that of a gamma posterior, and that of the mean of so many dispersed hours.
        """
        unsure = 1 / (PRIOR_MASS + self.mass) + self.alpha / (PRIOR_HOURS + self.hours)
        return 1 / (over(self.alpha, length_minutes / 60) + unsure)


@dataclass(frozen=True, slots=True)
class _Past:
    """The hours of a past, oldest first: their weights, their places in the week, and the sums of the weights."""

    weights: np.ndarray
    place: np.ndarray
    hour: np.ndarray
    cells: np.ndarray
    hours: float

    @staticmethod
    @lru_cache(maxsize=256)
    def of(span: int, first: int) -> "_Past":
        """A past of ``span`` hours that begins in hour ``first`` of the week."""
        weights = 0.5 ** (np.arange(span - 1, -1, -1) / HALF_LIFE_HOURS)
        place = (first + np.arange(span)) % WEEK
        return _Past(weights, place, place % DAY, np.bincount(place, weights, WEEK), float(weights.sum()))


def _dense(hours: Sequence[tuple[int, float]], before: int, origin: int) -> np.ndarray:
    counts = [0.0] * (before - origin)
    for hour, mass in hours:
        if origin <= hour < before:
            counts[hour - origin] += mass
    return np.array(counts)


def _capped(counts: np.ndarray, past: _Past) -> np.ndarray:
    """``counts`` cut to what is typical of their hour of the day: the square of the mean root, which one surge hardly moves."""
    roots = past.weights * np.sqrt(counts)
    cells = past.cells.reshape(-1, DAY).sum(axis=0)
    typical = (np.bincount(past.hour, roots, DAY) / np.maximum(cells, 1e-9)) ** 2
    overall = (float(roots.sum()) / past.hours) ** 2
    return np.asarray(np.minimum(counts, CAP * np.maximum(typical, overall)[past.hour] + CAP_MASS))

"""What to expect of a window, from the counts of the hours before it: level, rhythm of the week, dispersion."""

from dataclasses import dataclass

import numpy as np

from consumers.converger.detector.dispersion import PRIOR, dispersion, over
from consumers.converger.detector.grid import HOURLY, Grid
from consumers.converger.detector.past import Past
from consumers.converger.detector.rhythm import factors

PRIOR_MASS = 1.0
PRIOR_HOURS = 2.0
"""A past of nothing is taken as one text in two hours."""
CAP = 8.0
CAP_MASS = 5.0
"""A cell counts for at most so many times what is typical of its hour of the day, and so much more: a surge is no rhythm."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The past of a count: mass of a cell, factors of the week, dispersion of a cell; weighted, all mass and how many cells."""

    level: float
    rhythm: np.ndarray
    alpha: float
    mass: float
    hours: float
    grid: Grid = HOURLY

    @classmethod
    def of(cls, counts: np.ndarray, first: int, parent: "Baseline | None" = None) -> "Baseline":
        """The baseline of ``counts``, the mass of each hour from ``first`` (since the epoch) on, (hours,).

        ``parent`` is the baseline of all of its kind, whose rhythm it is taken to have until it shows one of its own.
        """
        if not counts.size:
            return cls.unknown(HOURLY)
        return cls.learned(counts, Past.of(counts.size, first % HOURLY.week), None if parent is None else parent.rhythm)

    @classmethod
    def unknown(cls, grid: Grid) -> "Baseline":
        """The baseline of what has no past yet."""
        return cls(PRIOR_MASS / PRIOR_HOURS * grid.minutes / 60, np.ones(grid.week), PRIOR, 0.0, 0.0, grid)

    @classmethod
    def learned(cls, counts: np.ndarray, past: Past, parent: np.ndarray | None = None) -> "Baseline":
        """The baseline of ``counts``, one for each cell of ``past``; a cell that was seen in part has its count scaled up."""
        counts = _capped(counts, past)
        by_place = past.sums(counts)
        mass = float(by_place.sum())
        seen = past.total if parent is None else float(past.by_place @ parent)
        level = (PRIOR_MASS + mass) / (PRIOR_HOURS * 60 / past.grid.minutes + seen)
        rhythm, follows = factors(by_place, past.by_place, level, PRIOR, past.grid.day, parent)
        alpha = dispersion(counts, level * rhythm[past.place], past.weights, follows[past.place])
        return cls(level, rhythm, alpha, mass, past.total, past.grid)

    def expected(self, end_minute: int, length_minutes: int, quiet: float = 0.0) -> float:
        """The mass to expect in the ``length_minutes`` before ``end_minute``, minutes since the epoch; over 0.

        No cell is expected to hold less than ``quiet`` times the level, however low its factor.
        """
        begin, size, total = end_minute - length_minutes, self.grid.minutes, 0.0
        for cell in range(begin // size, (end_minute - 1) // size + 1):
            minutes = min(end_minute, (cell + 1) * size) - max(begin, cell * size)
            total += max(quiet, self.rhythm.item(cell % self.grid.week)) * minutes
        return self.level * total / size

    def shape(self, length_minutes: float) -> float:
        """The negative binomial's shape for windows of ``length_minutes``, smaller (a heavier tail) while the past is short.

        Its inverse is the dispersion of the window's rate plus the variance of the level's own estimate.
        """
        return 1 / (over(self.alpha, length_minutes / self.grid.minutes) + self.unsure)

    @property
    def unsure(self) -> float:
        """The variance of the level's estimate over its square: a gamma posterior's, and that of a mean of dispersed cells."""
        return 1 / (PRIOR_MASS + self.mass) + self.alpha / (PRIOR_HOURS + self.hours)


def _capped(counts: np.ndarray, past: Past) -> np.ndarray:
    """``counts`` cut to what is typical of their hour of the day: the square of the mean root, which one surge hardly moves."""
    roots = past.by_day(past.sums(np.sqrt(counts)))
    typical = (roots / np.maximum(past.by_day(past.by_place), 1e-9)) ** 2
    overall = (float(roots.sum()) / max(past.total, 1e-9)) ** 2
    return np.asarray(np.minimum(counts, CAP * np.maximum(typical, overall)[past.place % past.grid.day] + CAP_MASS))

"""What each row of a series is expected to hold, from the cells that ended before the longest window of the row began."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from consumers.converger.detector.cells import Cells
from consumers.converger.detector.dispersion import over

QUIET = 1.25
"""No row is expected to hold less than so many times the level: what would be ordinary by day is no surge at night."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Of each row, (rows,): its mean count, the dispersion of a cell, the variance of the level's own estimate.

    ``first`` is the first cell that is no part of all this, infinite where nothing is; no earlier window is compared with it.
    """

    mean: np.ndarray
    alpha: np.ndarray
    unsure: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, cells: Cells, longest: int, progress: Callable[[int], None]) -> "Expected":
        """What the rows of ``cells`` are expected to hold, where windows reach over ``longest`` rows.

        While a series is shorter than that twice over, half of it is the past of the other half.
        """
        found = cls(*np.empty((4, len(cells.of_row))))
        reach = math.ceil((longest - 0.5) * cells.share) if longest > 1 else 0
        for rows in cells:
            cell = int(cells.of_row[rows.start])
            first = cell - min(reach, (cell - cells.first) // 2)
            past = cells.before(first)
            factor = float(past.rhythm[cell % cells.grid.week])
            found.mean[rows] = past.level * max(QUIET, factor) * cells.share
            found.alpha[rows], found.unsure[rows] = past.alpha, past.unsure
            found.first[rows] = first if first > cells.first else math.inf
            progress(rows.stop - rows.start)
        return found

    def shape(self, share: float) -> np.ndarray:
        """The negative binomial's shape for windows of ``share`` of a cell, (rows,)."""
        return np.asarray(1 / (over(1.0, share) * self.alpha + self.unsure))

"""The cells of a past, as they are weighted and placed: newer ones count more, those that were not seen count nothing."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from consumers.converger.detector.grid import HOURLY, Grid


@dataclass(frozen=True, slots=True)
class Past:
    """Cells, oldest first: their weights and places in the week, (cells,) each; weights by place, (week,), and their sum."""

    grid: Grid
    weights: np.ndarray
    place: np.ndarray
    by_place: np.ndarray
    total: float

    @staticmethod
    @lru_cache(maxsize=256)
    def of(span: int, first: int, grid: Grid = HOURLY) -> "Past":
        """A past of ``span`` cells that begins in cell ``first`` of the week; a weight halves in half of the memory."""
        weights = 0.5 ** (np.arange(span - 1, -1, -1) / (grid.memory / 2))
        place = (first + np.arange(span)) % grid.week
        return Past(grid, weights, place, np.bincount(place, weights, grid.week), float(weights.sum()))

    def seen(self, shares: np.ndarray) -> "Past":
        """The same past where of each cell only a share in [0, 1] was seen, (cells,)."""
        if (shares == 1).all():
            return self
        weights = self.weights * shares
        by_place = np.bincount(self.place, weights, self.grid.week)
        return replace(self, weights=weights, by_place=by_place, total=float(weights.sum()))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Weighted sums of ``values``, (cells,), by place in the week, (week,)."""
        return np.bincount(self.place, self.weights * values, self.grid.week)

    def by_day(self, values: np.ndarray) -> np.ndarray:
        """What stands by place in the week, (week,), summed by place in the day, (day,)."""
        return np.asarray(values.reshape(-1, self.grid.day).sum(axis=0))

"""The rows of a series gathered in cells, and the baseline of a cell from those that ended before it."""

from collections.abc import Iterator

import numpy as np

from consumers.converger.detector.baseline import Baseline
from consumers.converger.detector.grid import Grid
from consumers.converger.detector.past import Past


class Cells:
    """The cells of ``counts``, (rows,), of which each covers the ``step`` minutes from its entry of ``minutes``, (rows,)."""

    def __init__(self, minutes: np.ndarray, counts: np.ndarray, step: float) -> None:
        self.grid = Grid.for_step(step)
        self.share = step / self.grid.minutes
        """A row's share of a cell."""
        self.of_row = np.floor_divide(minutes, self.grid.minutes).astype(np.int64)
        self.first = int(self.of_row[0])
        place = self.of_row - self.first
        covered = np.bincount(place) * self.share
        self._counts = np.bincount(place, counts) / np.maximum(covered, self.share)
        self._seen = np.where(covered > 1 - 1e-6, 1.0, covered)

    def __iter__(self) -> Iterator[slice]:
        """The rows of each cell that has some, in order."""
        begins = np.flatnonzero(np.diff(self.of_row, prepend=self.first - 1))
        for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(self.of_row)], strict=True):
            yield slice(begin, end)

    def before(self, cell: int) -> Baseline:
        """The baseline that ``cell`` has from the cells before it, as far back as the memory goes."""
        origin = max(self.first, cell - self.grid.memory)
        if cell <= origin:
            return Baseline.unknown(self.grid)
        span = slice(origin - self.first, cell - self.first)
        past = Past.of(cell - origin, origin % self.grid.week, self.grid).seen(self._seen[span])
        return Baseline.learned(self._counts[span], past)

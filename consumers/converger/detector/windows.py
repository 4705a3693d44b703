"""Windows that end with each row of a series: what they hold, and how unusual that is."""

import numpy as np

from consumers.converger.detector.cells import Cells
from consumers.converger.detector.expected import Expected
from consumers.converger.detector.tails import surprise

LENGTHS = (5, 10, 15, 30, 60, 120, 240, 360)
"""Minutes. Those shorter than the step of a series are one row."""
LEAST = 0.5
"""No window is expected to hold less, so that the first few texts after long silence are no surge."""


def rows_of(step: float) -> list[int]:
    """The lengths of the windows in rows that come every ``step`` minutes, each once, ascending."""
    return sorted({max(1, round(length / step)) for length in LENGTHS})


def surprises(minutes: np.ndarray, counts: np.ndarray, expected: Expected, cells: Cells, rows: int) -> np.ndarray:
    """-log10 of the tail probability of the window of ``rows`` rows that ends with each row, (rows of the series,).

    0 where the window begins in what it would be compared with; where rows are missing, it holds and expects less.
    """
    begins = np.searchsorted(minutes, minutes - (rows - 0.5) * cells.share * cells.grid.minutes)
    held, usual = (_sums(values, begins) for values in (counts, expected.mean))
    found = surprise(held, np.maximum(usual, LEAST), expected.shape(rows * cells.share))
    return np.where(cells.of_row[begins] >= expected.first, found, 0.0)


def _sums(values: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """The sums of ``values`` from ``begins`` to each row, its own included."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[1:] - total[begins])

"""The detector over a whole series of counts: of each row a score from that row and the ones before it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from consumers.converger.detector import returns
from consumers.converger.detector.cells import Cells
from consumers.converger.detector.expected import Expected
from consumers.converger.detector.grid import DAY_MINUTES
from consumers.converger.detector.refractory import onsets
from consumers.converger.detector.windows import rows_of, surprises

SETTLING = 10
"""Rows after which the step of a series is taken as known; they have no score."""
DAY_ROWS = 24
"""A day is at least so many rows, where they come less often than every hour."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Of each row, (rows,): the score in [0, 1], the expected count, and the shape of its negative binomial."""

    scores: np.ndarray
    expected: np.ndarray
    shape: np.ndarray


def detect(minutes: np.ndarray, counts: np.ndarray, progress: Callable[[int], None] = lambda _rows: None) -> Detection:
    """The detection of ``counts``, (rows,), not negative, at ``minutes`` since the epoch, (rows,), ascending.

    ``progress`` is told of rows as they are done. Up to `SETTLING` rows no step is known: scores are 0, nothing is expected.
    """
    if len(counts) <= SETTLING:
        nothing = np.zeros(len(counts))
        return Detection(nothing, nothing, nothing + 1)
    step = float(np.median(np.diff(minutes[: SETTLING + 1])))
    cells, lengths = Cells(minutes, counts, step), rows_of(step)
    expected = Expected.of(cells, lengths[-1], progress)
    days = minutes / max(DAY_MINUTES, DAY_ROWS * step)
    whole = np.floor(days - days[0])
    each = [returns.ratios(surprises(minutes, counts, expected, cells, rows), whole) for rows in lengths]
    ratio = np.minimum(np.mean(each, axis=0), returns.LARGEST)
    ratio[:SETTLING] = 0
    scores = np.where(onsets(ratio, days), returns.score(ratio), 0.0)
    return Detection(scores, expected.mean, expected.shape(cells.share))

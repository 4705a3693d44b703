"""One detection a happening: a detection sets a bar for those after it, and the bar comes down with time."""

import numpy as np

from consumers.converger.detector.returns import LARGEST, ratio_of

MARGIN = 1.4
"""How far over the bar a ratio must be. With the half-life it keeps back a detection's equals for 29 hours."""
HALF_LIFE_DAYS = 2.5
DOUBTFUL = ratio_of(0.1)
"""A bar of less was set by what noise comes to more often than every ten days: it hides nothing that is sure."""


def onsets(ratios: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Which of ``ratios`` begin something: those over the bar of the ones before, (rows,) of bool.

    ``days`` are the times of the rows in days, ascending, (rows,).
    """
    out = np.zeros(len(ratios), dtype=bool)
    bar, since = 0.0, 0.0
    for row, (ratio, day) in enumerate(zip(ratios.tolist(), days.tolist(), strict=True)):
        over = ratio > MARGIN * bar * 0.5 ** ((day - since) / HALF_LIFE_DAYS)
        if over or (ratio >= LARGEST and bar < DOUBTFUL):
            out[row], bar, since = True, ratio, day
    return out

"""How often a score comes back: scores beside their own past's daily maxima, and the false alarms a day of a score.

Maxima over a day of many tests follow Gumbel's law (Gumbel 1958), here with scores in units of their typical maximum, so that
scores of different counts compare and one threshold, a number of false alarms a day, serves them all.
"""

import math

import numpy as np

HALF_LIFE_DAYS = 14.0
PRIOR_MAXIMUM = 3.5
"""-log10 of the least of a day's tail probabilities, where tests come every few minutes and the model is only nearly right."""
PRIOR_DAYS = 3.0
LEAST_MAXIMUM = 1.25
"""What silence is taken for, so that the first few texts after it are no surge."""
CUT = 2.0
"""A day's maximum counts for at most so many times the typical one: a surge must not hide the next."""
PLACE, SCALE = 0.4, 0.4
"""Gumbel's location and scale, from onsets in drawn counts of dispersion 0 to 1, in moods that last minutes to ten hours,
every five minutes or hourly. The law is that of the worst of them, so ordinary counts keep within it."""
LARGEST = 1.65
"""What noise comes to once in three weeks; a past of four cannot tell what is rarer, so all that is counts as this much."""


class TypicalMaximum:
    """The typical daily maximum of a score, learned day by day: an exponentially weighted mean of cut maxima."""

    def __init__(self) -> None:
        self._sum, self._days = PRIOR_MAXIMUM * PRIOR_DAYS, PRIOR_DAYS

    @property
    def value(self) -> float:
        """The typical maximum."""
        return max(LEAST_MAXIMUM, self._sum / self._days)

    def add(self, maximum: float) -> None:
        """Learn a day that has ended."""
        decay = 0.5 ** (1 / HALF_LIFE_DAYS)
        self._sum = self._sum * decay + min(maximum, CUT * self.value)
        self._days = self._days * decay + 1


def ratios(scores: np.ndarray, days: np.ndarray) -> np.ndarray:
    """``scores``, (rows,), each over the typical maximum of the days before its own; ``days``, ascending, numbers the rows'."""
    typical, out = TypicalMaximum(), np.empty(len(scores))
    ends = np.flatnonzero(np.diff(days, append=np.inf)) + 1
    begin = 0
    for end in ends.tolist():
        out[begin:end] = scores[begin:end] / typical.value
        typical.add(float(scores[begin:end].max()))
        begin = end
    return out


def false_alarms(ratio: np.ndarray) -> np.ndarray:
    """How many times a day ordinary counts pass ``ratio``, a mean of `ratios`: exp(-(ratio - location) / scale)."""
    return np.asarray(np.exp((PLACE - ratio) / SCALE))


def ratio_of(budget: float) -> float:
    """The ratio that ordinary counts pass ``budget`` times a day: what `false_alarms` inverts."""
    return PLACE - SCALE * math.log(budget)


def score(ratio: np.ndarray) -> np.ndarray:
    """The probability that an ordinary day stays below ``ratio``: Gumbel's distribution, in [0, 1]."""
    return np.asarray(np.exp(-false_alarms(ratio)))


def threshold(budget: float) -> float:
    """The `score` that ordinary counts pass ``budget`` times a day."""
    return math.exp(-budget)

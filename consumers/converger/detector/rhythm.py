"""The rhythm of the week: factors for its 168 hours, shrunk to those of the 24 hours of the day, these to a flat day.

Each ratio of observed to expected counts as far as its credibility (Bühlmann 1967): the variance that factors are known
to have, beside that variance and the noise of the ratio.
"""

import numpy as np

DAY = 24
WEEK = 168
DAY_VARIANCE = 0.5
"""Variance of the factors of the hours of a day: night and day differ several times over."""
WEEK_VARIANCE = 0.1
"""Variance of the factors by which an hour of the week differs from its hour of the day."""


def credibility(expected: np.ndarray, cells: np.ndarray, alpha: float, variance: float) -> np.ndarray:
    """How far ratios count, in [0, 1): each of an ``expected`` mass over so many ``cells``, dispersion ``alpha`` in a cell."""
    noise = 1 / np.maximum(expected, 1e-9) + alpha / np.maximum(cells, 1e-9)
    weight: np.ndarray = variance / (variance + noise)
    return weight


def factors(mass: np.ndarray, cells: np.ndarray, level: float, alpha: float) -> np.ndarray:
    """The 168 factors of the hours of the week, of mean about 1.

    ``mass`` and ``cells``: what was seen in each hour of the week, in how many (weighted) cells, (168,) each; ``level`` is the
    mass of a cell overall.
    """
    by_day = _shrunk(mass.reshape(-1, DAY).sum(axis=0), cells.reshape(-1, DAY).sum(axis=0), level, alpha, DAY_VARIANCE)
    usual = np.tile(by_day, WEEK // DAY)
    finer = _shrunk(mass, cells, level * usual, alpha, WEEK_VARIANCE)
    return np.asarray(usual * finer)


def _shrunk(mass: np.ndarray, cells: np.ndarray, usual: np.ndarray | float, alpha: float, variance: float) -> np.ndarray:
    expected = cells * usual
    weight = credibility(expected, cells, alpha, variance)
    return np.asarray(1 + weight * (mass / np.maximum(expected, 1e-9) - 1))

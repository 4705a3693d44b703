"""The rhythm of the week: factors for its 168 hours, shrunk to those of the 24 hours of the day, these to a parent's rhythm.

Each ratio of observed to expected counts as far as its credibility (Bühlmann 1967): the variance that factors are known
to have, beside that variance and the noise of the ratio.
"""

import numpy as np

HOUR_VARIANCE = 0.5
"""Variance of the factors of the hours of a day: night and day differ several times over."""
OWN_HOUR_VARIANCE = 0.1
"""The same of one beside the rhythm of its parent."""
DAY_VARIANCE = 0.1
"""Variance of the factors of the days of a week."""
CELL_VARIANCE = 0.1
"""Variance of the factors by which an hour of the week differs from its hour and its day together."""


def credibility(expected: np.ndarray, cells: np.ndarray, alpha: float, variance: float) -> np.ndarray:
    """How far ratios count, in [0, 1): each of an ``expected`` mass over so many ``cells``, dispersion ``alpha`` in a cell."""
    noise = 1 / np.maximum(expected, 1e-9) + alpha / np.maximum(cells, 1e-9)
    weight: np.ndarray = variance / (variance + noise)
    return weight


def factors(
    mass: np.ndarray, cells: np.ndarray, level: float, alpha: float, day: int, parent: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The factors of the cells of a week, of mean about 1, and how far each follows its own mass, (week,) each.

    The second is the change of a factor's logarithm with the mass seen in its place (about the leverage of a fit, over mass).

    ``mass`` and ``cells``: what was seen in each cell of the week, in how many (weighted) cells, (week,) each; ``level`` is the
    mass of a cell overall, ``day`` the number of cells a day. ``parent`` has the factors of all of its kind, from which one
    is not expected to differ much; without it the day is taken to be flat.
    """
    shape = (len(mass) // day, day)
    mass, cells = mass.reshape(shape), cells.reshape(shape)
    usual = np.ones(shape) if parent is None else parent.reshape(shape)
    follows = np.zeros(shape)
    hour_variance = HOUR_VARIANCE if parent is None else OWN_HOUR_VARIANCE
    for axis, variance in ((0, hour_variance), (1, DAY_VARIANCE), (None, CELL_VARIANCE)):
        expected = np.maximum(_sum(cells * usual, axis) * level, 1e-9)
        weight = credibility(expected, _sum(cells, axis), alpha, variance)
        usual = usual * (1 + weight * (_sum(mass, axis) / expected - 1))
        follows = follows + weight / expected
    return usual.ravel(), follows.ravel()


def _sum(values: np.ndarray, axis: int | None) -> np.ndarray:
    """Sums over an axis, which stays with length 1; the values themselves without one."""
    return values if axis is None else np.asarray(values.sum(axis=axis, keepdims=True))

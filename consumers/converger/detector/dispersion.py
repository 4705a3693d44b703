"""How much more counts vary than a Poisson process of their expected rate: alpha, the variance of the relative rate."""

import numpy as np

PRIOR = 0.3
"""An hour's rate varies by some 55 % of its mean, rhythm apart."""
PRIOR_CELLS = 24.0
LOWEST = 0.02
GROWTH = 0.3
"""alpha falls with the length of a window as its power -0.3: moods last, so much slower than noise without memory, -1."""


def dispersion(observed: np.ndarray, expected: np.ndarray, weights: np.ndarray, follows: np.ndarray | float = 0.0) -> float:
    """Alpha of Var X = m + alpha m², from cells of ``observed`` and ``expected`` counts and their ``weights``, (cells,) each.

    The moment estimator ((x - m)² - m) / m² (Breslow 1984), each cell weighted by its mass up to 1, since cells with next to
    nothing expected tell nothing; shrunk to `PRIOR`, which counts as much as `PRIOR_CELLS` cells. ``follows`` says how far what
    is expected of a cell follows what was observed in it (see `factors`), its leverage h over its weighted mass: its residual
    is as much smaller as 1 - h (Hoaglin and Welsch 1978), and it tells as much less as the square of that.
    """
    mean = np.maximum(expected, 1e-9)
    telling = weights * np.minimum(mean, 1.0)
    own = np.maximum(1 - weights * mean * follows, 0.0) ** 2
    excess = telling @ (((observed - mean) ** 2 - own * mean) / np.maximum(mean, 0.2) ** 2)
    return max(LOWEST, (PRIOR * PRIOR_CELLS + float(excess)) / (PRIOR_CELLS + float(telling @ own)))


def over(alpha: float, cells: float) -> float:
    """Alpha of windows ``cells`` times as long as those of which it was estimated."""
    return float(alpha * cells**-GROWTH)

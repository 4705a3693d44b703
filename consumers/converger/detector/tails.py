"""Tail probabilities of over-dispersed counts and shares, continuous in all arguments, so that masses may be tested too."""

from typing import Any

import numpy as np
from scipy.special import betainc, betaincc, betaln, digamma, expit, zeta

LOWEST = 1e-290
"""Under this a probability is near the edge of what a float holds, and only its logarithm is reckoned."""
STEPS = 2.5
"""Nodes a standard deviation: the trapezoidal rule then errs by less than 1e-9 of a smooth bell."""
REACH = 8.0
NODES = 5000


def negative_binomial_tail(observed: float, mean: float, shape: float) -> float:
    """P(X >= ``observed``), X negative binomial with ``mean`` and ``shape`` (variance mean + mean² / shape); in [0, 1].

    By the regularised incomplete beta function, I_{m/(m+r)}(x, r) (Abramowitz and Stegun 1964, 26.5.26).
    """
    if observed <= 0:
        return 1.0
    return float(betainc(observed, shape, mean / (mean + shape)))


def surprise(observed: Any, mean: Any, shape: Any) -> np.ndarray:
    """-log10 of `negative_binomial_tail`, entry by entry (shapes broadcast); the mean must be over 0.

    Where the tail is too small for a float, its leading term q^x (1-q)^r / (x B(x, r)) stands for it (ibid., 26.5.4).
    """
    x, m, r = (np.asarray(one, dtype=float) for one in (observed, mean, shape))
    safe = np.maximum(x, 1e-9)
    tail = betainc(safe, r, m / (m + r))
    leading = -safe * np.log1p(r / m) - r * np.log1p(m / r) - np.log(safe) - betaln(safe, r)
    logs = np.where(tail > LOWEST, np.log(np.maximum(tail, LOWEST)), np.minimum(leading, np.log(LOWEST)))
    return np.asarray(np.where(x > 0, -logs / np.log(10), 0.0))


def share_tail(part: float, whole: float, share: float, concentration: float) -> float:
    """P(X >= ``part``), X beta-binomial of ``whole`` trials, mean ``share`` in (0, 1) and a + b = ``concentration``; in [0, 1].

    P(X >= k) = P(Y <= Z) for Y ~ Beta(k, n-k+1), the k-th of n uniform numbers, and Z ~ Beta(a, b) apart from it. It is
    integrated over logit Y by the trapezoidal rule: the integrand is log-concave, at least as narrow as Y itself.
    """
    if part <= 0 or whole <= 0:
        return 1.0
    k, rest = part, max(whole - part, 0.0) + 1.0
    a, b = share * concentration, (1 - share) * concentration
    middle, width = digamma(k) - digamma(rest), _deviation(k, rest)
    low = min(middle, digamma(a) - digamma(b)) - REACH * (width + 1 / k)
    high = middle + REACH * width
    nodes = np.linspace(low, high, int(min(NODES, STEPS * (high - low) / min(width, _deviation(a, b)))) + 2)
    # The density of logit Y has y^k (1-y)^rest, of whose logarithms both stay exact at either end.
    density = np.exp(-k * np.logaddexp(0, -nodes) - rest * np.logaddexp(0, nodes) - betaln(k, rest))
    integral = float(np.sum(density * betaincc(a, b, expit(nodes)))) * (nodes[1] - nodes[0])
    return float(min(1.0, integral))


def _deviation(a: float, b: float) -> float:
    """The standard deviation of logit Y, Y ~ Beta(a, b): its variance is the trigamma function, zeta(2, x), of a and of b."""
    return float(np.sqrt(zeta(2, a) + zeta(2, b)))

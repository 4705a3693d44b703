"""How far confidence is from accuracy: the expected calibration error, and the bins of a reliability diagram."""

from dataclasses import dataclass

import numpy as np

BINS = 15


@dataclass(frozen=True)
class Bin:
    """The texts whose confidence lies in one bin: how many, their mean confidence, the share that is right."""

    low: float
    high: float
    texts: int
    confidence: float
    accuracy: float


def reliability(shares: np.ndarray, right: np.ndarray) -> list[Bin]:
    """The bins that hold a text, in order; ``shares`` and ``right`` are (texts, labels).

    The confidence of a text is the probability of its most probable label; it is right when that label holds. 15 bins
    of equal width, as in Guo et al. 2017 (On Calibration of Modern Neural Networks), so that figures compare.
    """
    confidence = shares.max(axis=1)
    hit = right[np.arange(len(right)), shares.argmax(axis=1)]
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    found = []
    for place in np.unique(places):
        own = places == place
        low, high = float(place) / BINS, float(place + 1) / BINS
        found.append(Bin(low, high, int(own.sum()), float(confidence[own].mean()), float(hit[own].mean())))
    return found


def calibration_error(shares: np.ndarray, right: np.ndarray) -> float:
    """The mean over texts of |accuracy - confidence| of their bin (expected calibration error, ibid.): 0 is best."""
    bins = reliability(shares, right)
    return sum(one.texts * abs(one.accuracy - one.confidence) for one in bins) / len(shares)

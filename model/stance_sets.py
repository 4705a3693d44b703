"""Sets of stances that hold the right one with a stated coverage, whichever it is: class-conditional conformal sets."""

import math
from collections.abc import Sequence

import numpy as np

from model.card import STANCES, StanceSets
from model.data import Example

FEW = 20
"""A label with fewer held-out texts is kept from the threshold of all of them together."""


def fitted(held_out: Sequence[Example], shares: np.ndarray, coverage: float) -> StanceSets | None:
    """The thresholds from calibrated ``shares`` (rows, stances) of ``held_out``; None where none of these has a stance.

    Split conformal prediction within each class (Vovk 2012), with the probability of the right stance as the score: of all
    sets of that coverage these are the smallest on average (Sadinle, Lei & Wasserman 2019). The likeliest stance is in every
    set, so its score is 1. A text whose labels contradict each other counts for each of them by its share; weak labels are
    left out.
    """
    rows = [row for row, example in enumerate(held_out) if example.weights.get("stance") == 1.0]
    if not rows:
        return None
    target, shares = np.array([held_out[row].targets["stance"] for row in rows]), shares[rows].astype(float)
    scores = np.where(shares == shares.max(axis=1, keepdims=True), 1.0, shares)
    return StanceSets(
        coverage=coverage,
        threshold=threshold(scores.ravel(), target.ravel(), coverage),
        stances={
            name: threshold(scores[:, column], target[:, column], coverage)
            for column, name in enumerate(STANCES)
            if target[:, column].sum() >= FEW
        },
        rows=len(rows),
    )


def threshold(scores: np.ndarray, weights: np.ndarray, coverage: float) -> float:
    """The score that a new one reaches with at least ``coverage``, rounded down to 4 places: 0 where they are too few.

    Of n scores that weigh 1 it is the floor((1 - coverage)(n + 1))-th smallest.
    """
    order = np.argsort(scores)
    below = np.cumsum(weights[order]) <= (1 - coverage) * (weights.sum() + 1) + 1e-9
    kept = scores[order][below & (weights[order] > 0)]
    return math.floor(kept[-1] * 1e4) / 1e4 if len(kept) else 0.0


def kept_stances(shares: Sequence[float], sets: StanceSets | None) -> tuple[str, ...]:
    """The likeliest stance and those at or over their thresholds, most probable first; none where ``sets`` is None."""
    if sets is None:
        return ()
    ranked = sorted(zip(STANCES, shares, strict=True), key=lambda pair: -pair[1])
    return tuple(name for rank, (name, share) in enumerate(ranked) if rank == 0 or share >= sets.threshold_of(name))

"""The mix of stances that a pack has learnt, and its training mix: what it reads in texts like those of its training.

Drift is told by the latter. Both sides of that comparison are read by the same pack, and the texts were held out, so that a
stream like the training texts has no drift; labels would not do, since each set is labelled in part.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from model.card import STANCES, Mix, Prior
from model.data import Example
from model.pack import Prediction
from model.reader import Predictor


def stance_prior(found: Sequence[Example]) -> Prior:
    """The mix of stances in the labels of ``found``, weak ones by their weights, as if each had been seen once more."""
    seen = np.ones(len(STANCES))
    for example in found:
        if weight := example.weights.get("stance", 0.0):
            seen = seen + weight * np.array(example.targets["stance"])
    return Prior(**{name: round(float(share), 4) for name, share in zip(STANCES, seen / seen.sum(), strict=True)})


def training_mix(pack: Predictor, examples: Sequence[Example]) -> Mix | None:
    """The mix that ``pack`` reads in the held-out ones of ``examples``; None where there are none. Shares sum to 1."""
    found = pack.predict([example.text for example in examples if example.held_out])
    return mix_of(found) if found else None


def mix_of(found: Sequence[Prediction]) -> Mix:
    """The mix of the predictions ``found``, at least one."""
    stances = np.mean([one.stance for one in found], axis=0)
    firsts = Counter(one.topic_set[0] for one in found)
    return Mix(
        texts=len(found),
        stances={name: round(float(share), 4) for name, share in zip(STANCES, stances, strict=True)},
        topics={topic: round(count / len(found), 4) for topic, count in firsts.most_common()},
    )

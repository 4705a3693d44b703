"""Which texts are worth a label: those the pack is unsure of, unlike one another and unlike what is labelled already."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from model.cleaning import clean
from model.judge.answers import CHUNK, predictions
from model.language import route
from model.own import Candidate
from model.pack import MOST_TOPICS, Pack, Prediction
from model.story import story_hash

MOST = 5_000
"""Texts that are looked at; of more, a sample."""
SEED = 7

Item = TypeVar("Item")


@dataclass(frozen=True)
class Proposal:
    """A text to label, and why: ``unsure`` is 0 to 1, ``far`` the cosine distance to what is labelled or proposed already.

    ``urgent`` is evidence of an alert that a person found wrong.
    """

    text: str
    prediction: Prediction
    unsure: float
    far: float
    urgent: bool


def choose(
    pack: Pack, offered: Sequence[Candidate], count: int, labelled: Sequence[str] = (), train: Sequence[str] = ()
) -> list[Proposal]:
    """At most ``count`` of the ``offered`` texts, the most useful first, one of each story, none that is ``labelled``.

    Urgent ones come first. Then greedily the text with the largest product of how unsure the pack is and how far the text
    lies from all that is labelled, trained on or chosen: k-center greedy (Sener & Savarese 2018, Active Learning for
    Convolutional Neural Networks: A Core-Set Approach) weighted by uncertainty. Texts far from ``train`` are those to which
    the stream has drifted. Texts of another language than the pack's are left out.
    """
    fresh = _fresh(pack.language, offered, labelled)
    if not fresh:
        return []
    texts = [clean(one.text) for one in fresh]
    found = predictions(pack, texts)
    vectors = _unit(pack, texts)
    unsure = np.array([uncertainty(one) for one in found])
    known = [clean(text) for text in (*labelled, *_sample(train))]
    far = _distances(vectors, _unit(pack, known)) if known else np.ones(len(texts))
    urgent = np.array([one.urgent for one in fresh])
    chosen: list[Proposal] = []
    while len(chosen) < min(count, len(texts)):
        place = int(np.argmax(np.where(far < 0, -1, unsure * far + 2.0 * urgent)))
        chosen.append(Proposal(fresh[place].text, found[place], float(unsure[place]), float(far[place]), bool(urgent[place])))
        far = np.minimum(far, _distances(vectors, vectors[[place]]))
        far[place] = -1
    return chosen


def uncertainty(prediction: Prediction) -> float:
    """0 to 1: the mean of the stance's entropy over its maximum and the size of the topic set over its maximum, less 1."""
    entropy = -sum(share * math.log(share) for share in prediction.stance if share > 0) / math.log(3)
    return (entropy + (len(prediction.topic_set) - 1) / (MOST_TOPICS - 1)) / 2


def _fresh(language: str, offered: Sequence[Candidate], labelled: Sequence[str]) -> list[Candidate]:
    seen = {story_hash(clean(text)) for text in labelled}
    found = []
    for one in sorted(offered, key=lambda one: not one.urgent):
        cleaned = clean(one.text)
        if (story := story_hash(cleaned)) not in seen and route(cleaned) == language:
            seen.add(story)
            found.append(one)
    urgent = [one for one in found if one.urgent]
    return [*urgent, *_sample([one for one in found if not one.urgent])]


def _sample(items: Sequence[Item]) -> list[Item]:
    """At most ``MOST`` of ``items``, the same ones each time."""
    return random.Random(SEED).sample(items, MOST) if len(items) > MOST else list(items)  # noqa: S311


def _unit(pack: Pack, texts: Sequence[str]) -> np.ndarray:
    """The texts' vectors (texts, width) at length 1."""
    vectors = np.concatenate([pack.vectors(texts[start : start + CHUNK]) for start in range(0, len(texts), CHUNK)])
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _distances(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The cosine distance (vectors,) to the nearest of ``centres``: never below 0."""
    return np.asarray(np.clip(1 - (vectors @ centres.T).max(axis=1), 0, None))

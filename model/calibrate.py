"""Calibration on held-out examples: a temperature a head, and thresholds for the sets of topics and stances that are kept."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from model.card import Card, Conformal, Group
from model.data import Example
from model.heads import probabilities, topic_probabilities
from model.stance_sets import FEW, fitted, threshold

LEAST = 0.2
"""What is less probable is no reading, though some topics are then kept in fewer texts than the coverage says: to keep each of
them nine times in ten, forum posts would be read in three ways on average, most of them wrong."""


def calibrated(card: Card, held_out: Sequence[Example], logits: Mapping[str, np.ndarray]) -> Card:
    """Return ``card`` with temperatures and thresholds fitted on ``held_out`` and its raw ``logits`` (rows, labels)."""
    groups = tuple(_with_temperature(group, held_out, logits[group.name]) for group in card.groups)
    found = {group.name: probabilities(logits[group.name], group) for group in groups}
    conformal = thresholds(held_out, found, groups, card.conformal.coverage)
    stance_sets = fitted(held_out, found["stance"], conformal.coverage)
    return card.model_copy(update={"groups": groups, "conformal": conformal, "stance_sets": stance_sets})


def _with_temperature(group: Group, held_out: Sequence[Example], logits: np.ndarray) -> Group:
    """The temperature that minimises the negative log-likelihood (Guo et al. 2017), weak labels left out."""
    rows = _strong_rows(group, held_out)
    if not rows:
        return group
    target = np.array([held_out[i].targets[group.name] for i in rows])

    def cost(log_temperature: float) -> float:
        tried = group.model_copy(update={"temperature": math.exp(log_temperature)})
        return _likelihood(target, probabilities(logits[rows], tried), group)

    found = minimize_scalar(cost, bounds=(-2.0, 2.0), method="bounded")
    return group.model_copy(update={"temperature": round(math.exp(float(found.x)), 4)})


def thresholds(
    held_out: Sequence[Example], found: Mapping[str, np.ndarray], groups: tuple[Group, ...], coverage: float
) -> Conformal:
    """Class-conditional split conformal prediction (Vovk 2012) for texts of which several topics may be right.

    The rank of a right topic is the place of its probability among those that it got in the n texts in which it is right,
    over n + 1; a text's score is its least rank. The level is the floor((1 - coverage)(N + 1))-th smallest score of the N
    texts, at most 1 - coverage, and each topic's threshold its floor(level (n + 1))-th smallest probability: a new text of
    the same kind has all its right topics kept with at least ``coverage``, and no topic pays for another that is easier to
    see, as far as no threshold is under `LEAST`. With n in place of n + 1, topics of some dozens of texts would be kept too
    seldom. A topic with fewer than `FEW` texts is judged by the probabilities that all topics got where they were right.
    """
    topics = topic_probabilities(found, groups)
    right = [(row, topic) for row, example in enumerate(held_out) for topic in sorted(_right_topics(example, groups))]
    own: dict[str, list[float]] = {}
    for row, topic in right:
        own.setdefault(topic, []).append(float(topics[topic][row]))
    pooled = sorted(share for shares in own.values() for share in shares)
    known = {topic: sorted(shares) if len(shares) >= FEW else pooled for topic, shares in own.items()}
    least: dict[int, float] = {}
    for row, topic in right:
        rank = (bisect_left(known[topic], float(topics[topic][row])) + 1) / (len(known[topic]) + 1)
        least[row] = min(rank, least.get(row, 1.0))
    position = math.floor((1 - coverage) * (len(least) + 1))
    level = min(1 - coverage, sorted(least.values())[position - 1]) if position else 0.0

    def at(shares: list[float]) -> float:
        return max(LEAST, threshold(np.array(shares), np.ones(len(shares)), 1 - level))

    return Conformal(
        coverage=coverage,
        threshold=at(pooled) if pooled else 0.0,
        topics={topic: at(shares) for topic, shares in sorted(known.items()) if shares is not pooled},
        rows=len(least),
    )


def _right_topics(example: Example, groups: tuple[Group, ...]) -> set[str]:
    return {
        topic
        for group in groups
        if example.weights.get(group.name) == 1.0
        for label, held in zip(group.labels, example.targets[group.name], strict=True)
        if held >= 0.5
        for topic in group.topics.get(label, ())
    }


def scores(card: Card, held_out: Sequence[Example], logits: Mapping[str, np.ndarray]) -> dict[str, float]:
    """How well a calibrated ``card`` reads the held-out examples, weak labels left out.

    ``held_out/loss`` is the sum over the groups of the mean negative log-likelihood; ``held_out/<group>`` the share of
    texts whose most probable label is right, or for a sigmoid group the micro F1 of its labels.
    """
    found = {"held_out/loss": 0.0}
    for group in card.groups:
        rows = _strong_rows(group, held_out)
        if not rows:
            continue
        target = np.array([held_out[i].targets[group.name] for i in rows])
        share = probabilities(logits[group.name][rows], group)
        found["held_out/loss"] += _likelihood(target, share, group)
        if group.kind == "softmax":
            right = target[np.arange(len(rows)), share.argmax(axis=1)] == target.max(axis=1)
            found[f"held_out/{group.name}"] = float(right.mean())
        else:
            held, given = target >= 0.5, share >= 0.5
            found[f"held_out/{group.name}"] = float(2 * (held & given).sum() / max(1, held.sum() + given.sum()))
    return found


def _strong_rows(group: Group, held_out: Sequence[Example]) -> list[int]:
    return [i for i, example in enumerate(held_out) if example.weights.get(group.name) == 1.0]


def _likelihood(target: np.ndarray, share: np.ndarray, group: Group) -> float:
    """The mean negative log-likelihood of ``target`` under the probabilities ``share``, both (rows, labels)."""
    share = np.clip(share, 1e-7, 1 - 1e-7)
    losses = target * np.log(share)
    if group.kind == "sigmoid":
        losses = losses + (1 - target) * np.log(1 - share)
    return float(-losses.sum() / len(target))

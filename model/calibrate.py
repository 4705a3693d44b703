"""Calibration on held-out examples: a temperature a head, and the threshold of topic sets."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from model.card import Card, Conformal, Group
from model.data import Example
from model.heads import probabilities, topic_probabilities


def calibrated(card: Card, held_out: Sequence[Example], logits: Mapping[str, np.ndarray]) -> Card:
    """Return ``card`` with temperatures and threshold fitted on ``held_out`` and its raw ``logits`` (rows, labels)."""
    groups = tuple(_with_temperature(group, held_out, logits[group.name]) for group in card.groups)
    found = {group.name: probabilities(logits[group.name], group) for group in groups}
    conformal = threshold(held_out, found, groups, card.conformal.coverage)
    return card.model_copy(update={"groups": groups, "conformal": conformal})


def _with_temperature(group: Group, held_out: Sequence[Example], logits: np.ndarray) -> Group:
    """The temperature that minimises the negative log-likelihood (Guo et al. 2017), weak labels left out."""
    rows = [i for i, example in enumerate(held_out) if example.weights.get(group.name) == 1.0]
    if not rows:
        return group
    target = np.array([held_out[i].targets[group.name] for i in rows])

    def cost(log_temperature: float) -> float:
        tried = group.model_copy(update={"temperature": math.exp(log_temperature)})
        share = np.clip(probabilities(logits[rows], tried), 1e-7, 1 - 1e-7)
        losses = target * np.log(share)
        if group.kind == "sigmoid":
            losses = losses + (1 - target) * np.log(1 - share)
        return float(-losses.sum() / len(rows))

    found = minimize_scalar(cost, bounds=(-2.0, 2.0), method="bounded")
    return group.model_copy(update={"temperature": round(math.exp(float(found.x)), 4)})


def threshold(
    held_out: Sequence[Example], found: Mapping[str, np.ndarray], groups: tuple[Group, ...], coverage: float
) -> Conformal:
    """Split conformal prediction (Vovk et al. 2005); a row's score is the least probability among its right topics.

    The threshold is the floor((1 - coverage)(n + 1))-th smallest score, so that a new row of the same kind has all its
    right topics kept with at least ``coverage``.
    """
    topics = topic_probabilities(found, groups)
    scores = []
    for row, example in enumerate(held_out):
        right = _right_topics(example, groups)
        if right:
            scores.append(min(float(topics[topic][row]) for topic in right))
    position = math.floor((1 - coverage) * (len(scores) + 1))
    least = sorted(scores)[position - 1] if position else 0.0
    return Conformal(coverage=coverage, threshold=math.floor(least * 1e4) / 1e4, rows=len(scores))


def _right_topics(example: Example, groups: tuple[Group, ...]) -> set[str]:
    return {
        topic
        for group in groups
        if example.weights.get(group.name) == 1.0
        for label, held in zip(group.labels, example.targets[group.name], strict=True)
        if held >= 0.5
        for topic in group.topics.get(label, ())
    }

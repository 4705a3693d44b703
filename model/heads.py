"""Linear heads over mean-pooled token states, and what their logits mean as probabilities.

Because the mean and the heads are linear, a logit is exactly its bias plus the mean of what each token contributes.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import nn

from model.card import Group

Array = np.ndarray


class Heads(nn.Module):
    """One linear layer a label group, from ``width`` pooled values to that group's logits."""

    def __init__(self, groups: tuple[Group, ...], width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({group.name: nn.Linear(width, len(group.labels)) for group in groups})

    def forward(self, pooled: torch.Tensor) -> dict[str, torch.Tensor]:
        """Group name -> logits (rows, labels) of ``pooled`` (rows, width)."""
        return {name: layer(pooled) for name, layer in self.layers.items()}

    def weight(self, group: str) -> torch.Tensor:
        """The weights (labels, width) of one group."""
        return cast("nn.Linear", self.layers[group]).weight


def probabilities(logits: Array, group: Group) -> Array:
    """Calibrated probabilities (rows, labels) of ``logits`` (rows, labels), divided by the group's temperature."""
    scaled = logits / group.temperature
    if group.kind == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(scaled, -60, 60))))
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def topic_probabilities(found: Mapping[str, Array], groups: tuple[Group, ...]) -> dict[str, Array]:
    """Topic -> probabilities (rows,) from the labels that speak of it.

    Within a softmax group the labels exclude each other and add up; across groups, and within a sigmoid group, they
    combine as independent causes: 1 - prod(1 - p) (noisy-or). ``general``, where no label speaks of it, is what is left
    when no other topic holds.
    """
    absent: dict[str, Array] = {}
    for group in groups:
        shares: dict[str, Array] = {}
        for position, label in enumerate(group.labels):
            values = found[group.name][:, position]
            for topic in group.topics.get(label, ()):
                before = shares.get(topic, np.zeros_like(values))
                shares[topic] = before + values if group.kind == "softmax" else 1 - (1 - before) * (1 - values)
        for topic, share in shares.items():
            absent[topic] = absent.get(topic, np.ones_like(share)) * (1 - np.clip(share, 0, 1))
    topics = {topic: 1 - value for topic, value in absent.items()}
    if absent and "general" not in topics:
        topics["general"] = np.asarray(np.prod(np.stack(list(absent.values())), axis=0))
    return topics

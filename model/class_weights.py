"""Class weights: errors on rare labels cost more, so that a head does not settle for the common ones.

In a softmax group the classes are its labels; in a sigmoid group each label has two, that it holds and that it does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from model.card import Card, Group
from model.data import Example


@dataclass(frozen=True)
class Balance:
    """The weight (labels,) of a label where it holds and, in a sigmoid group, where it does not."""

    held: torch.Tensor
    absent: torch.Tensor | None

    def factor(self, target: torch.Tensor) -> torch.Tensor:
        """What each row's cost is multiplied by, (rows, 1) or (rows, labels), from its targets (rows, labels)."""
        if self.absent is None:
            return (target * self.held).sum(dim=1, keepdim=True)
        known = target.nan_to_num()
        return known * self.held + (1 - known) * self.absent


def balances(card: Card, rows: Sequence[Example], device: torch.device) -> dict[str, Balance]:
    """Group name -> its balance over the training ``rows``; empty where the recipe has no class weights."""
    power = card.recipe.class_weights
    return {group.name: _balance(rows, group, power, device) for group in card.groups} if power else {}


def _balance(rows: Sequence[Example], group: Group, power: float, device: torch.device) -> Balance:
    labelled = [row for row in rows if row.weights.get(group.name)]
    target = torch.tensor([row.targets[group.name] for row in labelled], dtype=torch.float64).reshape(-1, len(group.labels))
    weight = torch.tensor([[row.weights[group.name]] for row in labelled], dtype=torch.float64).reshape(-1, 1)
    held = (target.nan_to_num() * weight).sum(dim=0)
    if group.kind == "softmax":
        return Balance(_weights(held, power).float().to(device), None)
    absent = ((1 - target).nan_to_num() * weight).sum(dim=0)
    both = _weights(torch.stack([held, absent]), power).float().to(device)
    return Balance(both[0], both[1])


def _weights(counts: torch.Tensor, power: float) -> torch.Tensor:
    """``counts ** -power`` along the first axis, scaled to a mean of 1 over what was counted; 0 for what never occurs."""
    raw = torch.where(counts > 0, counts.clamp(min=1e-12) ** -power, 0.0)
    return raw * counts.sum(dim=0) / (raw * counts).sum(dim=0).clamp(min=1e-12)

"""What a training step minimises: the losses of all heads over one or, with R-Drop, two readings of its texts."""

from collections.abc import Mapping, Sequence

import torch

from model.card import Card, Group
from model.class_weights import balances
from model.data import Example
from model.losses import divergence, loss


class Objective:
    """The recipe's objective; ``readings`` says how often a step reads its texts."""

    def __init__(self, card: Card, rows: Sequence[Example], device: torch.device) -> None:
        """Weigh the labels by how often they occur in ``rows``, all texts of the training, where the recipe wants that."""
        self.card, self.device = card, device
        self.balances = balances(card, rows, device)
        self.readings = 2 if card.recipe.r_drop else 1

    def __call__(self, logits: Mapping[str, torch.Tensor], rows: Sequence[Example]) -> torch.Tensor:
        """The mean cost of ``rows``, whose ``logits`` are (readings times rows, labels) for each group."""
        total = torch.zeros((), device=self.device)
        for group in self.card.groups:
            total = total + self._cost(group, logits[group.name], rows)
        return total / len(rows)

    def _cost(self, group: Group, logits: torch.Tensor, rows: Sequence[Example]) -> torch.Tensor:
        recipe, balance = self.card.recipe, self.balances.get(group.name)
        blank = (0.0,) * len(group.labels)
        target = torch.tensor([row.targets.get(group.name, blank) for row in rows], device=self.device)
        weight = torch.tensor([row.weights.get(group.name, 0.0) for row in rows], device=self.device)
        factor = balance.factor(target) if balance else None
        if group.kind == "softmax":
            target = target * (1 - recipe.smoothing) + recipe.smoothing / len(group.labels)
        if self.readings == 1:
            return loss(logits, target, weight, group, factor)
        one, other = logits.chunk(2)
        both = loss(one, target, weight, group, factor) + loss(other, target, weight, group, factor)
        return both / 2 + recipe.r_drop * divergence(one, other, weight.unsqueeze(1) * ~target.isnan(), group)

"""One training run: weights, optimizer, their moving average, and the step it stands at.

All that is drawn at random follows from seed and step, so a run that is resumed ends as one that never stopped.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.optim.lr_scheduler import LambdaLR

from model import adapter, word_change
from model.bases import load_bert
from model.batches import Prepared, batches, thinned
from model.card import Card, Recipe
from model.encoder import padded
from model.heads import Heads
from model.objective import Objective
from model.precision import half

WARM_AVERAGE = 10
"""The average forgets faster at first: after t steps it weighs the last about a tenth of them."""


class Trainer:
    """A base being fine-tuned with the heads of a card on prepared rows."""

    def __init__(self, card: Card, rows: Sequence[Prepared], base: Path) -> None:
        torch.manual_seed(card.recipe.seed)
        self.card, self.rows = card, rows
        self.epoch, self.place, self.step = 0, 0, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = load_bert(base)
        for part in self.model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = card.recipe.hidden_dropout
        self.base = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        adapter.inject(self.model, card)
        self.heads = Heads(card.groups, int(self.model.config.hidden_size))
        self.model.to(self.device)
        self.heads.to(self.device)
        trained = [*self.model.named_parameters(), *self.heads.named_parameters("heads")]
        self.weights = {name: value for name, value in trained if value.requires_grad}
        self.average = [value.detach().clone() for value in self.weights.values()] if card.recipe.average else []
        self.total = sum(len(batches(rows, card.recipe, epoch)) for epoch in range(card.recipe.epochs))
        self.objective = Objective(card, [row.example for row in rows], self.device)
        layers = int(self.model.config.num_hidden_layers)
        self.optimizer = torch.optim.AdamW(
            [_options(name, value, card.recipe, layers) for name, value in self.weights.items()], fused=True
        )
        self.schedule = LambdaLR(self.optimizer, lambda step: rate_share(step, self.total, card.recipe))

    @property
    def rate(self) -> float:
        """The rate of the highest layer at the step where the run stands."""
        return self.card.recipe.rate * rate_share(self.step, self.total, self.card.recipe)

    def run_epoch(self) -> Iterator[float]:
        """Train what is left of this epoch; yields the loss of each batch once its step is done."""
        order = batches(self.rows, self.card.recipe, self.epoch)
        while self.place < len(order):
            value = self._step([self.rows[i] for i in order[self.place]])
            self.place, self.step = self.place + 1, self.step + 1
            yield value
        self.epoch, self.place = self.epoch + 1, 0

    def _step(self, rows: Sequence[Prepared]) -> float:
        recipe = self.card.recipe
        draw = torch.Generator().manual_seed(recipe.seed * 1_000_003 + self.step)
        ids = [thinned(row.ids, recipe.drop, draw) for _ in range(self.objective.readings) for row in rows]
        total = self.objective(self.logits(ids, draw), [row.example for row in rows])
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(list(self.weights.values()), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._follow()
        return float(total.detach())

    def _follow(self) -> None:
        """Move the average towards the weights."""
        if not self.average:
            return
        share = max(1 / (self.card.recipe.average * self.total), 1 / (self.step / WARM_AVERAGE + 1))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.weights.values()), min(1.0, share))

    def logits(self, rows: Sequence[Sequence[int]], draw: torch.Generator | None = None) -> dict[str, torch.Tensor]:
        """Group name -> logits (rows, labels) of the model as it is being trained.

        With ``draw`` as a step reads them: under dropout and in the recipe's precision; without it in that of serving.
        """
        ids, mask = (tensor.to(self.device) for tensor in padded(rows))
        bf16 = self.device.type == "cuda" if draw is None else half(self.card.recipe, self.device)
        self.model.train(draw is not None)
        dropping = draw if self.card.recipe.hidden_dropout else None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16), _drawing(dropping):
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        pooled = (hidden * (mask.unsqueeze(-1) / mask.sum(dim=1).view(-1, 1, 1))).sum(dim=1)
        if draw is not None and (dropout := self.card.recipe.dropout):
            pooled = pooled * (torch.rand(pooled.shape, generator=draw) >= dropout).to(self.device) / (1 - dropout)
        found: dict[str, torch.Tensor] = self.heads(pooled)
        return found

    @contextmanager
    def as_shipped(self) -> Iterator[adapter.Tensors]:
        """The adapter of the average; meanwhile model and heads hold just what it says, afterwards the raw weights again."""
        raw = [value.detach().clone() for value in self.weights.values()]
        with torch.no_grad():
            for value, average in zip(self.weights.values(), self.average or raw, strict=True):
                value.copy_(average)
            tensors = adapter.state(self.model, self.card, self.base)
            if self.card.recipe.method == "full":
                for name, parameter in self.model.named_parameters():
                    parameter.copy_(self.base.get(name, torch.zeros(())))
                adapter.add(self.model, adapter.deltas(tensors, self.card))
            yield tensors
            for value, before in zip(self.weights.values(), raw, strict=True):
                value.copy_(before)

    def start_from(self, stored: adapter.Tensors, card: Card, heads: adapter.Tensors) -> None:
        """Begin at the weights of a pack over the same base, its ``stored`` adapter and its card, instead of at the base."""
        if words := word_change.of(self.model):
            words.start_from(stored)
            stored = word_change.without(stored)
        adapter.add(self.model, adapter.deltas(stored, card))
        self.heads.load_state_dict({name: value.float() for name, value in heads.items()})
        self.average = [value.detach().clone() for value in self.weights.values()] if self.average else []

    def save(self, path: Path, **more: float) -> None:
        """Write what resuming needs, and ``more``, in one step."""
        making = path.with_suffix(".part")
        kept = {
            "recipe": fingerprint(self.card),
            "at": (self.epoch, self.place, self.step),
            "weights": {name: value.detach() for name, value in self.weights.items()},
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        torch.save(kept | {"more": more}, making)
        making.replace(path)

    def resume(self, path: Path) -> dict[str, float]:
        """Go on from ``path`` when it was written by the same recipe, and return its ``more``; else change nothing."""
        if not path.is_file():
            return {}
        kept = torch.load(path, map_location=self.device, weights_only=True)
        if kept["recipe"] != fingerprint(self.card):
            return {}
        self.epoch, self.place, self.step = kept["at"]
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(kept["weights"][name])
        self.average = kept["average"]
        self.optimizer.load_state_dict(kept["optimizer"])
        self.schedule.load_state_dict(kept["schedule"])
        more: dict[str, float] = kept["more"]
        return more


@contextmanager
def _drawing(draw: torch.Generator | None) -> Iterator[None]:
    """Where layers draw at random, as dropout does, that follows from the seed of ``draw``; afterwards all is as it was."""
    with torch.random.fork_rng(enabled=draw is not None):
        if draw is not None:
            torch.manual_seed(draw.initial_seed())
        yield


def _options(name: str, value: torch.Tensor, recipe: Recipe, layers: int) -> dict[str, object]:
    """Rate and decay of one parameter: lower layers learn slower, vectors are not pulled to zero."""
    if name.startswith(("heads.", word_change.LAYER)):
        rate = recipe.head_rate
    else:
        layer = int(name.partition("layer.")[2].partition(".")[0])
        rate = recipe.rate * recipe.layer_decay ** (layers - 1 - layer)
    return {"params": [value], "lr": rate, "weight_decay": recipe.decay if value.dim() > 1 else 0.0}


def rate_share(step: int, total: int, recipe: Recipe) -> float:
    """The share of the peak rate at ``step`` of ``total``: up in a line during the warm-up, down in a line to the final."""
    warm = max(1, round(total * recipe.warmup))
    if step < warm:
        return (step + 1) / warm
    left = max(0.0, (total - step) / max(1, total - warm))
    return recipe.final_rate + (1 - recipe.final_rate) * left


def fingerprint(card: Card) -> str:
    """Changes when the base, the labels or the recipe of a card change, and not with its calibration or figures.

    An option that the recipe got later counts only where it is on, so that a run begun before there was one goes on.
    """
    labels = [(group.name, group.kind, group.labels) for group in card.groups]
    later = {name: getattr(card.recipe, name) for name, field in Recipe.model_fields.items() if not field.repr}
    on = [(name, value) for name, value in later.items() if value != Recipe.model_fields[name].default]
    return hashlib.sha256(repr((card.base, labels, card.recipe, *on)).encode()).hexdigest()

"""Training a pack on labelled sets: adapter and heads over a frozen base, calibrated, resumable at each epoch.

What is calibrated is what ships: at the end of an epoch adapter and heads are saved in fp16, read back, and the
held-out texts go through the pack as read back.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch.optim.lr_scheduler import LambdaLR

from groundswell.errors import FatalError
from model import adapter
from model.bases import base_folder, load_bert
from model.calibrate import calibrated
from model.card import Card, read_card, write_card
from model.data import Example, examples
from model.encoder import padded
from model.heads import Heads, loss
from model.pack import Pack
from model.tokenizer import cut, load_tokenizer

POOL = 64
"""Batches whose texts are sorted by length together."""
LIVE_TOLERANCE = 0.1
"""How far a logit may move by rounding adapter and heads to fp16; a lost head moves it by far more."""


@dataclass(frozen=True)
class Prepared:
    """A training example as token ids, with target and weight of every group."""

    ids: tuple[int, ...]
    example: Example


class Trainer:
    """One training run: model, optimizer and the epoch it stands at."""

    def __init__(self, card: Card, rows: Sequence[Prepared], base: Path) -> None:
        torch.manual_seed(card.recipe.seed)
        self.card, self.rows, self.epoch = card, rows, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = load_bert(base).train()
        for part in self.model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        adapter.inject(self.model, card)
        self.heads = Heads(card.groups, int(self.model.config.hidden_size))
        self.model.to(self.device)
        self.heads.to(self.device)
        adapted = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.parameters = [*adapted, *self.heads.parameters()]
        recipe = card.recipe
        self.optimizer = torch.optim.AdamW(
            [{"params": adapted, "lr": recipe.rate}, {"params": list(self.heads.parameters()), "lr": recipe.head_rate}],
            weight_decay=recipe.decay,
        )
        total = sum(len(batches(rows, card, epoch)) for epoch in range(recipe.epochs))
        warm = max(1, round(total * recipe.warmup))
        self.schedule = LambdaLR(
            self.optimizer, lambda step: min(1.0, (step + 1) / warm, max(0.0, (total - step) / (total - warm + 1)))
        )

    def run_epoch(self) -> Iterator[float]:
        """Train one epoch; yields the loss of each batch."""
        for batch in batches(self.rows, self.card, self.epoch):
            yield self._step([self.rows[i] for i in batch])
        self.epoch += 1

    def _step(self, rows: Sequence[Prepared]) -> float:
        logits = self.logits([row.ids for row in rows])
        total = torch.zeros((), device=self.device)
        for group in self.card.groups:
            blank = (0.0,) * len(group.labels)
            target = torch.tensor([row.example.targets.get(group.name, blank) for row in rows], device=self.device)
            weight = torch.tensor([row.example.weights.get(group.name, 0.0) for row in rows], device=self.device)
            total = total + loss(logits[group.name], target, weight, group)
        total = total / len(rows)
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(total.detach())

    def logits(self, rows: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
        """Group name -> logits (rows, labels) of the model as it is being trained."""
        ids, mask = (tensor.to(self.device) for tensor in padded(rows))
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        share = mask.unsqueeze(-1) / mask.sum(dim=1).view(-1, 1, 1)
        found: dict[str, torch.Tensor] = self.heads((hidden * share).sum(dim=1))
        return found

    def save(self, path: Path) -> None:
        """Write what resuming needs, in one step."""
        making = path.with_suffix(".part")
        torch.save(
            {
                "recipe": fingerprint(self.card),
                "epoch": self.epoch,
                "adapter": {name: value for name, value in self.model.state_dict().items() if ".lora_" in name},
                "heads": self.heads.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
            },
            making,
        )
        making.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from ``path`` when it was written by the same recipe; otherwise start at the beginning."""
        if not path.is_file():
            return
        kept = torch.load(path, map_location=self.device, weights_only=True)
        if kept["recipe"] != fingerprint(self.card):
            return
        self.model.load_state_dict(kept["adapter"], strict=False)
        self.heads.load_state_dict(kept["heads"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.schedule.load_state_dict(kept["schedule"])
        self.epoch = kept["epoch"]


def train(pack: Path, data: Path, cache: Path, out: Path | None = None, console: Console | None = None) -> Card:
    """Train the pack whose card lies in ``pack`` on the sets in ``data``; returns the card as written.

    Card, adapter and heads go to ``out`` (default: ``pack``) after every epoch; an interrupted run goes on from there.
    Raises FatalError in one line when a set or the base is missing or wrong.
    """
    card = read_card(pack)
    target = out or pack
    target.mkdir(parents=True, exist_ok=True)
    base = base_folder(card.base, cache)
    found = examples(card, data)
    held_out = [example for example in found if example.held_out]
    trainer = Trainer(card, prepare(card, [example for example in found if not example.held_out], base), base)
    if not trainer.rows or not held_out:
        raise FatalError(f"data: {data} holds {len(found)} texts for pack {card.name}, too few to train and to calibrate")
    checkpoint = target / "checkpoint.pt"
    trainer.resume(checkpoint)
    with _progress(console) as progress:
        while trainer.epoch < card.recipe.epochs:
            steps = len(batches(trainer.rows, card, trainer.epoch))
            task = progress.add_task(f"{card.name}: epoch {trainer.epoch + 1} of {card.recipe.epochs}", total=steps, loss="")
            smooth = 0.0
            for step, value in enumerate(trainer.run_epoch()):
                smooth = value if step == 0 else 0.98 * smooth + 0.02 * value
                progress.update(task, advance=1, loss=f"loss {smooth:.3f}")
            progress.update(task, loss=f"loss {smooth:.3f}, calibrating")
            card = _ship(trainer, held_out, target, cache)
            trainer.save(checkpoint)
            progress.update(task, loss=f"loss {smooth:.3f}, saved")
    checkpoint.unlink(missing_ok=True)
    return card


def _ship(trainer: Trainer, held_out: Sequence[Example], target: Path, cache: Path) -> Card:
    """Save the pack as it stands, read it back, compare it with the live model, calibrate it, write its card."""
    adapter.save(trainer.model, trainer.heads, target)
    pack = Pack.assemble(trainer.card, target, cache)
    logits = pack.logits([example.text for example in held_out])
    probe = min(range(len(held_out)), key=lambda i: len(held_out[i].text))
    ids = prepare(trainer.card, [held_out[probe]], base_folder(trainer.card.base, cache))[0].ids
    with torch.inference_mode():
        live = trainer.logits([ids])
    for group, values in live.items():
        gap = float(abs(values.cpu().numpy()[0] - logits[group][probe]).max())
        if gap > LIVE_TOLERANCE:
            raise FatalError(f"pack {trainer.card.name}: group {group} reads {gap:.2f} off after saving; nothing was shipped")
    # Figures were measured with the weights that these replace.
    card = calibrated(trainer.card, held_out, logits).model_copy(update={"figures": ()})
    write_card(card, target)
    return card


def prepare(card: Card, rows: Sequence[Example], base: Path) -> list[Prepared]:
    """Token ids of the first ``max_tokens`` of each example."""
    cuts = cut(load_tokenizer(base), [row.text for row in rows], card.recipe.max_tokens, most=1)
    return [Prepared(pieces[0].ids, row) for (pieces, _), row in zip(cuts, rows, strict=True)]


def batches(rows: Sequence[Prepared], card: Card, epoch: int) -> list[list[int]]:
    """Positions in batches of near-equal length and mixed sets, in an order that follows from seed and epoch."""
    recipe = card.recipe
    shuffle = random.Random(recipe.seed * 1_000 + epoch)  # noqa: S311 an order, no secret
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    made: list[list[int]] = []
    for start in range(0, len(order), POOL * recipe.batch_rows):
        batch: list[int] = []
        for i in sorted(order[start : start + POOL * recipe.batch_rows], key=lambda i: len(rows[i].ids)):
            if batch and (len(batch) == recipe.batch_rows or (len(batch) + 1) * len(rows[i].ids) > recipe.batch_tokens):
                made.append(batch)
                batch = []
            batch.append(i)
        made.append(batch)
    shuffle.shuffle(made)
    return made


def fingerprint(card: Card) -> str:
    """Changes when the base, the labels or the recipe of a card change, and not with its calibration or figures."""
    labels = [(group.name, group.kind, group.labels) for group in card.groups]
    return hashlib.sha256(repr((card.base, labels, card.recipe)).encode()).hexdigest()


def _progress(console: Console | None) -> Progress:
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.fields[loss]}"), console=console or Console(stderr=True))

"""Training a pack on labelled sets: weights and heads over a pinned base, judged, calibrated, recorded, resumable.

What is judged and calibrated is what ships: at the end of an epoch adapter and heads are saved, read back, and
the held-out texts go through the pack as read back.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from groundswell.errors import FatalError
from model import adapter, word_change
from model.bases import base_folder
from model.batches import prepare
from model.calibrate import calibrated, scores
from model.card import Card, read_card, write_card
from model.data import Example, examples
from model.mix import stance_prior, training_mix
from model.pack import Pack
from model.precision import warn_if_emulated
from model.records.provenance import described
from model.records.record import Record
from model.taxonomy import carry
from model.trainer import Trainer

LIVE_TOLERANCE = 0.1
"""How far a logit may move by rounding the heads to fp16; a lost head moves it by far more."""
CHECKPOINT_STEPS = 200
RECORD_STEPS = 20


@dataclass
class Best:
    """The best held-out loss so far, and the epoch that gave it."""

    loss: float = float("inf")
    epoch: int = 0


@dataclass(frozen=True)
class Place:
    """Where a run writes: the pack's folder, what it keeps of bases, and what it resumes from."""

    target: Path
    cache: Path
    checkpoint: Path


def train(
    pack: Path,
    data: Path,
    cache: Path,
    out: Path | None = None,
    console: Console | None = None,
    start: Path | None = None,
) -> Card:
    """Train the pack whose card lies in ``pack`` on the sets in ``data``; returns the card as written.

    The best epoch's card, adapter and heads go to ``out`` (default: ``pack``), with the record of the run; an interrupted
    run goes on from its last checkpoint there. With ``start``, the weights of that pack are where training begins.
    Raises FatalError in one line when a set, the base or ``start`` is missing or wrong.
    """
    card = read_card(pack)
    target = out or pack
    target.mkdir(parents=True, exist_ok=True)
    carry(pack, target)
    base = base_folder(card.base, cache, card.base_sha256)
    found = examples(card, data)
    card = card.model_copy(update={"stance_prior": stance_prior(found), "mean_of": ()})
    held_out = [example for example in found if example.held_out]
    rows = prepare(card, [example for example in found if not example.held_out], base)
    if not rows or not held_out:
        raise FatalError(f"data: {data} holds {len(found)} texts for pack {card.name}, too few to train and to calibrate")
    trainer = Trainer(card, rows, base)
    warn_if_emulated(card.recipe, trainer.device)
    if start is not None:
        _start_from(trainer, start)
    checkpoint = target / "checkpoint.pt"
    with Record(target) as record:
        if more := trainer.resume(checkpoint):
            record.resume(trainer.step)
        else:
            record.begin(described(card, data, len(rows), len(held_out), start))
        best = Best(more["best_loss"], int(more["best_epoch"])) if more else Best()
        _run(trainer, held_out, Place(target, cache, checkpoint), record, best, console)
        checkpoint.unlink(missing_ok=True)
        return _with_mix(target, held_out, cache)


def _run(
    trainer: Trainer, held_out: Sequence[Example], place: Place, record: Record, best: Best, console: Console | None
) -> None:
    """Train until the epochs are over or their patience is, shipping each epoch that is the best so far."""
    recipe = trainer.card.recipe
    with _progress(console) as progress:
        task = progress.add_task(trainer.card.name, total=trainer.total, completed=trainer.step, loss="")
        while trainer.epoch < recipe.epochs and trainer.epoch - best.epoch < recipe.patience:
            smooth = None
            for value in trainer.run_epoch():
                smooth = value if smooth is None else 0.98 * smooth + 0.02 * value
                progress.update(task, completed=trainer.step, loss=f"epoch {trainer.epoch + 1}, loss {smooth:.3f}")
                if trainer.step % RECORD_STEPS == 0:
                    record.add(trainer.step, {"loss": smooth, "rate": trainer.rate})
                if trainer.step % CHECKPOINT_STEPS == 0:
                    trainer.save(place.checkpoint, best_loss=best.loss, best_epoch=best.epoch)
            judged = _ship(trainer, held_out, place.target, place.cache, best)
            record.add(trainer.step, judged)
            trainer.save(place.checkpoint, best_loss=best.loss, best_epoch=best.epoch)
            progress.update(task, loss=f"epoch {trainer.epoch}, held-out loss {judged['held_out/loss']:.3f}")


def _with_mix(target: Path, held_out: Sequence[Example], cache: Path) -> Card:
    """Write down, in the card in ``target``, what the finished pack reads in the held-out texts; returns the card."""
    pack = Pack.assemble(read_card(target), target, cache)
    card = pack.card.model_copy(update={"mix": training_mix(pack, held_out)})
    write_card(card, target)
    return card


def _start_from(trainer: Trainer, start: Path) -> None:
    first = read_card(start)
    labels = [[(group.name, group.labels) for group in card.groups] for card in (first, trainer.card)]
    if trainer.card.recipe.method != "full" or first.base != trainer.card.base or labels[0] != labels[1]:
        raise FatalError(f"start: {start} can only be gone on from by method full, over the same base, with the same labels")
    stored = adapter.read(start, "adapter")
    if (rank := word_change.rank_of(stored)) > trainer.card.recipe.word_rank:
        raise FatalError(f"start: {start} changes its words by rank {rank}; the recipe needs as large a word_rank")
    trainer.start_from(stored, first, adapter.read(start, "heads"))


def _ship(trainer: Trainer, held_out: Sequence[Example], target: Path, cache: Path, best: Best) -> Mapping[str, float]:
    """Save the pack as it stands, read it back, judge and calibrate it; it goes to ``target`` when it is the best so far."""
    with tempfile.TemporaryDirectory(dir=target) as made, trainer.as_shipped() as tensors:
        folder = Path(made)
        adapter.save(tensors, trainer.heads.state_dict(), folder)
        pack = Pack.assemble(trainer.card, folder, cache)
        logits = pack.logits([example.text for example in held_out])
        _compare(trainer, held_out, logits, cache)
        # Figures and mix were measured with the weights that these replace.
        card = calibrated(trainer.card, held_out, logits).model_copy(update={"figures": (), "mix": None})
        judged = scores(card, held_out, logits)
        if judged["held_out/loss"] < best.loss:
            best.loss, best.epoch = judged["held_out/loss"], trainer.epoch
            for name in ("adapter.safetensors", "heads.safetensors"):
                shutil.move(folder / name, target / name)
            write_card(card, target)
    return judged


def _compare(trainer: Trainer, held_out: Sequence[Example], logits: Mapping[str, np.ndarray], cache: Path) -> None:
    """FatalError when the shortest held-out text reads otherwise live than in the pack as read back."""
    probe = min(range(len(held_out)), key=lambda i: len(held_out[i].text))
    ids = prepare(trainer.card, [held_out[probe]], base_folder(trainer.card.base, cache, trainer.card.base_sha256))[0].ids
    with torch.inference_mode():
        live = trainer.logits([ids])
    for group, values in live.items():
        gap = float(abs(values.cpu().numpy()[0] - logits[group][probe]).max())
        if gap > LIVE_TOLERANCE:
            raise FatalError(f"pack {trainer.card.name}: group {group} reads {gap:.2f} off after saving; nothing was shipped")


def _progress(console: Console | None) -> Progress:
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.fields[loss]}"), console=console or Console(stderr=True))

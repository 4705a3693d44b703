"""The mean of two packs' weights: often better than either, and a pack trained on new texts forgets less.

Wortsman et al. 2022, Model soups and Robust fine-tuning of zero-shot models: fine-tunes of one base lie in one basin of the
loss, so that a mean reads like both together, at the cost of one. How much each counts is chosen on held-out texts.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

from groundswell.errors import FatalError
from model import adapter, word_change
from model.calibrate import calibrated, scores
from model.card import Card, Parent, read_card, write_card
from model.data import Example, examples
from model.pack import Pack
from model.recalibrate import held_out_of, recalibrate
from model.taxonomy import carry

SHARES = (0.0, 0.3, 0.5, 0.7, 1.0)
"""Shares of the second pack that are tried: few, since near its least the held-out loss is flat."""


@dataclass(frozen=True)
class Weights:
    """A pack's weights as it stores them."""

    folder: Path
    card: Card
    stored: adapter.Tensors
    heads: adapter.Tensors

    @classmethod
    def read(cls, folder: Path) -> "Weights":
        """Those of the pack in ``folder``; FatalError when a file is missing or damaged."""
        return cls(folder, read_card(folder), adapter.read(folder, "adapter"), adapter.read(folder, "heads"))


@dataclass(frozen=True)
class Tried:
    """What the held-out texts say of one share of the second pack (see `scores`)."""

    share: float
    scores: Mapping[str, float]

    @property
    def loss(self) -> float:
        """The sum of the groups' mean negative log-likelihoods."""
        return self.scores["held_out/loss"]


def average(
    first: Path,
    second: Path,
    data: Path,
    out: Path,
    cache: Path,
    shares: Sequence[float] = SHARES,
    console: Console | None = None,
) -> tuple[Card, list[Tried]]:
    """Write into ``out`` the mean of two packs at that of the ``shares`` of the second with the least held-out loss.

    The mean has the card of the second, calibrated anew on the held-out texts of its sets in ``data``, without figures.
    Returns the card, and what was found for every share. Raises FatalError in one line when the packs do not go together,
    when ``out`` holds a pack, when of several shares 0 or 1 is best, or when the mean misreads a canned sentence; then
    nothing is written.
    """
    if (out / "card.yaml").exists():
        raise FatalError(f"average: {out} already holds a pack; name another folder for the mean")
    parts = Weights.read(first), Weights.read(second)
    _go_together(*parts)
    card = _card(parts[0].card, parts[1].card)
    held_out = held_out_of(examples(card, data), data)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as made:
        tried = []
        for share in track(shares, "trying shares on held-out texts", console=console or Console(stderr=True)):
            folder = Path(made) / str(share)
            folder.mkdir()
            adapter.save(*mean(*parts, share), folder)
            tried.append(Tried(share, _judged(card, folder, held_out, cache)))
        best = min(tried, key=lambda one: one.loss)
        if len(shares) > 1 and best.share in {0.0, 1.0}:
            alone, losses = parts[round(best.share)].folder, ", ".join(f"{one.loss:.3f} at {one.share:g}" for one in tried)
            raise FatalError(
                f"average: {alone} alone is better than every mean (held-out loss {losses}); name a --share for one"
            )
        folder = Path(made) / str(best.share)
        write_card(_with_parents(card, parts, best.share), folder)
        carry(second, folder)
        found = recalibrate(folder, data, cache, console=console)
        for path in sorted(folder.iterdir(), key=lambda path: path.name == "card.yaml"):
            shutil.move(path, out / path.name)
    return found, tried


def mean(first: Weights, second: Weights, share: float) -> tuple[adapter.Tensors, adapter.Tensors]:
    """Adapter and heads of the mean in which ``second`` counts with ``share``; the adapter at the rank of ``second``."""
    weights = (1 - share, share)
    changes = [adapter.deltas(word_change.without(one.stored), one.card) for one in (first, second)]
    summed = adapter.kept(_sum(changes, weights), second.card.recipe.rank)
    return summed | _words((first.stored, second.stored), weights), _sum((first.heads, second.heads), weights)


def _sum(parts: Sequence[Mapping[str, torch.Tensor]], weights: Sequence[float]) -> adapter.Tensors:
    """What the tensors of each name sum to; where one part has none, it has zeros, as where one is filled up with them."""
    found: adapter.Tensors = {}
    for part, weight in zip(parts, weights, strict=True):
        for name, value in part.items():
            scaled = value.float() * weight
            if (before := found.get(name)) is not None:
                both = tuple(slice(0, min(sizes)) for sizes in zip(before.shape, scaled.shape, strict=True))
                scaled = before[both] + scaled[both]
            found[name] = scaled
    return found


def _words(parts: Sequence[adapter.Tensors], weights: Sequence[float]) -> adapter.Tensors:
    """The sum of the changes of the word embeddings: their factors side by side, whose ranks add up."""
    having = [(part, weight) for part, weight in zip(parts, weights, strict=True) if word_change.rank_of(part) and weight]
    if not having:
        return {}
    tables, mixers = f"{word_change.LAYER}.B", f"{word_change.LAYER}.A"
    return {
        tables: torch.cat([part[tables].float() * weight for part, weight in having], dim=1).half(),
        mixers: torch.cat([part[mixers] for part, _ in having]),
    }


def _go_together(first: Weights, second: Weights) -> None:
    over = [(one.card.base, one.card.base_sha256, one.card.pooling) for one in (first, second)]
    labels = [[(group.name, group.kind, group.labels) for group in one.card.groups] for one in (first, second)]
    if over[0] != over[1] or labels[0] != labels[1]:
        raise FatalError(f"average: {first.folder} and {second.folder} are not of one base with the same labels")
    for one in (first, second):
        if one.card.recipe.method != "full":
            raise FatalError(f"average: {one.folder} was not trained whole; give its recipe method full and train it anew")


def _card(first: Card, second: Card) -> Card:
    """The card of the second, with what only the first has learnt from, too."""
    names = {source.name for source in second.data}
    data = second.data + tuple(source for source in first.data if source.name not in names)
    return second.model_copy(update={"data": data, "figures": (), "mix": None})


def _with_parents(card: Card, parts: Sequence[Weights], share: float) -> Card:
    """``card`` with the packs that it is the mean of, which are those of the parts that are means themselves; each once."""
    shares: dict[Parent, float] = {}
    for one, weight in zip(parts, (1 - share, share), strict=True):
        for parent in one.card.mean_of or (_parent(one.card),):
            whole = parent.model_copy(update={"share": 1.0})
            shares[whole] = shares.get(whole, 0.0) + parent.share * weight
    parents = tuple(whole.model_copy(update={"share": round(counts, 4)}) for whole, counts in shares.items())
    return card.model_copy(update={"mean_of": parents})


def _parent(card: Card) -> Parent:
    return Parent(name=card.name, version=card.version, share=1.0, recipe=card.recipe)


def _judged(card: Card, folder: Path, held_out: Sequence[Example], cache: Path) -> Mapping[str, float]:
    logits = Pack.assemble(card, folder, cache).logits([example.text for example in held_out])
    return scores(calibrated(card, held_out, logits), held_out, logits)

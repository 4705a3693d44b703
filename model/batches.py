"""Training batches: examples as token ids, in batches of near-equal length, in an order that follows from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from model.card import Card, Recipe
from model.data import Example
from model.tokenizer import cut, load_tokenizer

POOL = 64
"""Batches whose texts are sorted by length together."""


@dataclass(frozen=True)
class Prepared:
    """A training example as token ids, with target and weight of every group."""

    ids: tuple[int, ...]
    example: Example


def prepare(card: Card, rows: Sequence[Example], base: Path) -> list[Prepared]:
    """Token ids of the first ``max_tokens`` of each example."""
    cuts = cut(load_tokenizer(base), [row.text for row in rows], card.recipe.max_tokens, most=1)
    return [Prepared(pieces[0].ids, row) for (pieces, _), row in zip(cuts, rows, strict=True)]


def batches(rows: Sequence[Prepared], recipe: Recipe, epoch: int) -> list[list[int]]:
    """Positions in batches of near-equal length and mixed sets, in an order that follows from seed and epoch."""
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


def thinned(ids: Sequence[int], drop: float, generator: torch.Generator) -> tuple[int, ...]:
    """``ids`` without about ``drop`` of them; the first and the last stay, for they mark the ends."""
    if not drop or len(ids) <= 3:
        return tuple(ids)
    kept = torch.rand(len(ids), generator=generator) >= drop
    kept[0] = kept[-1] = True
    return tuple(one for one, stays in zip(ids, kept.tolist(), strict=True) if stays)

"""Training and evaluation sets: JSON lines of text and labels, cleaned as when serving, as partly labelled examples.

Rows with the same text become one example whose targets are the mean of theirs, so that contradicting labels train a
probability. A label group that no row of a text speaks of weighs nothing for it; a target is NaN where only that label is
not known. The users' own labels, where there are any, join the sets of the recipe.
"""

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from groundswell.errors import FatalError
from model import own
from model.card import Card, Group, TrainingSet
from model.cleaning import LINK, clean

HELD_OUT = 20
"""One text in this many is kept for calibration."""


@dataclass(frozen=True)
class Example:
    """A cleaned text; group name -> target share of each of its labels; group name -> weight in the loss."""

    text: str
    targets: Mapping[str, tuple[float, ...]]
    weights: Mapping[str, float]

    @property
    def held_out(self) -> bool:
        """Whether it serves calibration instead of training: decided by ``same`` of the text, so near copies stay together."""
        key = same(self.text).encode("utf-8", "replace")
        return hashlib.blake2b(key, digest_size=4).digest()[0] % HELD_OUT == 0


def same(cleaned: str) -> str:
    """What is left of a cleaned text without links, digits and case: two texts with the same rest are equal."""
    rest = " ".join(re.sub(r"\d+", "", cleaned.replace(LINK, " ")).casefold().split())
    return rest or cleaned


@dataclass(frozen=True)
class Row:
    """One labelled text of a set, as its file has it."""

    text: str
    labels: tuple[str, ...]


def read_rows(path: Path, field: str, group: Group) -> list[Row]:
    """The rows of a JSONL file with their labels from ``field``; FatalError names file, line and field of a bad one."""
    if not path.is_file():
        raise FatalError(f"data: {path} is missing; give the folder that holds it, or leave its set out of the card")
    with path.open(encoding="utf-8") as file:
        return [_row(line, f"{path.name} line {number}", field, group) for number, line in enumerate(file, 1)]


def _row(line: str, place: str, field: str, group: Group) -> Row:
    try:
        row = json.loads(line)
        text, value = row["text"], row[field]
    except (ValueError, KeyError, TypeError):
        raise FatalError(f"data: {place} is not a JSON object with text and {field}") from None
    labels = tuple(value) if isinstance(value, list) else (value,)
    if not isinstance(text, str) or not text.strip() or not labels:
        raise FatalError(f"data: {place} has no text or no {field}")
    if unknown := [label for label in labels if label not in group.labels]:
        raise FatalError(f"data: {place}: {field} {unknown[0]!r} is no label of group {group.name}")
    return Row(text, labels)


def examples(card: Card, folder: Path) -> list[Example]:
    """All training examples of the card's recipe from ``<set>_train.jsonl`` in ``folder``, held-out ones among them.

    The users' own labels are ``own_train.jsonl``, which need not be there.
    """
    gathered: dict[str, dict[str, list[tuple[tuple[float, ...], float]]]] = defaultdict(lambda: defaultdict(list))
    for source in card.recipe.sets:
        rows = read_rows(folder / f"{source.name}_train.jsonl", source.field, card.group(source.group))
        for row in rows:
            for group, target, weight in _targets(card, source, row):
                gathered[clean(row.text)][group].append((target, weight))
    mine = folder / f"{own.SET}_train.jsonl"
    for labelled in own.own_rows(mine) if mine.is_file() else ():
        for group, target, weight in own.targets(card, labelled):
            gathered[clean(labelled.text)][group].append((target, weight))
    return [_merged(text, found) for text, found in gathered.items() if text]


def _targets(card: Card, source: TrainingSet, row: Row) -> Iterator[tuple[str, tuple[float, ...], float]]:
    yield source.group, share(row.labels, card.group(source.group)), 1.0
    for weak in card.recipe.weak:
        if weak.set == source.name and not set(row.labels) & set(weak.but):
            yield weak.group, share((weak.label,), card.group(weak.group)), weak.weight


def share(labels: tuple[str, ...], group: Group) -> tuple[float, ...]:
    """The target of each label of ``group``: 1 where it holds; for a softmax group they sum to 1."""
    held = 1.0 / len(labels) if group.kind == "softmax" else 1.0
    return tuple(held if label in labels else 0.0 for label in group.labels)


def _merged(text: str, found: Mapping[str, list[tuple[tuple[float, ...], float]]]) -> Example:
    targets, weights = {}, {}
    for group, rows in found.items():
        strong = [row for row in rows if row[1] == 1.0] or rows
        targets[group] = tuple(map(_mean, zip(*(target for target, _ in strong), strict=True)))
        weights[group] = max(weight for _, weight in strong)
    return Example(text, targets, weights)


def _mean(values: tuple[float, ...]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan

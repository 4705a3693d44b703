"""Texts that a set shares with the set a pack was trained on, and texts that it holds twice."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from groundswell.errors import FatalError
from model.cleaning import clean
from model.data import same
from model.judge.labelled import LabelledSet


@dataclass(frozen=True)
class Duplicates:
    """How many rows say what an earlier row said, and how many of these have other labels than that one."""

    rows: int
    contradicting: int


def duplicates(labelled: LabelledSet) -> Duplicates:
    """The duplicates within a set."""
    first: dict[str, object] = {}
    rows = contradicting = 0
    for text, labels, topics in zip(labelled.texts, labelled.labels, labelled.topics, strict=True):
        says = (frozenset(labels), topics)
        key = same(text)
        if key in first:
            rows += 1
            contradicting += first[key] != says
        else:
            first[key] = says
    return Duplicates(rows, contradicting)


def leaked(texts: Sequence[str], train: Iterable[Path]) -> np.ndarray:
    """Whether each of the cleaned ``texts`` stands, but for links, digits and case, in one of the files ``train``."""
    known = {same(text) for path in train for text in _texts(path)}
    return np.array([same(text) in known for text in texts], dtype=bool)


def _texts(path: Path) -> list[str]:
    if not path.is_file():
        raise FatalError(f"{path}: no such file; name the JSON lines that the pack was trained on")
    with path.open(encoding="utf-8") as file:
        try:
            return [clean(json.loads(line)["text"]) for line in file if line.strip()]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FatalError(f"{path}: not JSON lines with a text each") from None

"""How well a pack reads a labelled set: accuracy, micro and macro F1, as published figures have them."""

from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from groundswell.errors import FatalError
from model.card import Card, Figure, Group, TrainingSet
from model.cleaning import clean
from model.data import read_rows, share
from model.heads import probabilities
from model.pack import Pack


def evaluate(pack: Pack, path: Path, labels: str) -> Figure:
    """Read the texts in ``path`` with ``pack`` and compare them with those of the set ``labels``.

    ``labels`` is the name of one of the sets that the card's recipe lists: it tells the field and the label group. For a
    group of which several labels may hold, accuracy counts the texts whose labels are all right and no other.
    Raises FatalError in one line when the file or a label is wrong.
    """
    source = _source(pack.card, labels)
    group = pack.card.group(source.group)
    rows = read_rows(path, source.field, group)
    logits = pack.logits([clean(row.text) for row in rows])[group.name]
    right = np.array([share(row.labels, group) for row in rows]) > 0
    return figure(
        right,
        decided(probabilities(logits, group), group),
        path.stem,
        f"groundswell evaluate {path.name} --labels {labels}",
    )


def _source(card: Card, name: str) -> TrainingSet:
    for source in card.recipe.sets:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in card.recipe.sets)
    raise FatalError(f"labels: {name!r} is no set of pack {card.name}; it knows {known}")


def decided(shares: np.ndarray, group: Group) -> np.ndarray:
    """Which labels (rows, labels) are given: the most probable one, and for a sigmoid group all from one half on."""
    best = np.zeros(shares.shape, dtype=bool)
    best[np.arange(len(shares)), shares.argmax(axis=1)] = True
    return best if group.kind == "softmax" else best | (shares >= 0.5)


def figure(right: np.ndarray, given: np.ndarray, name: str, command: str) -> Figure:
    """The figures of labels ``given`` against those that are ``right``, both (rows, labels).

    Macro F1 is the mean over the labels that occur among the right ones.
    """
    present = np.flatnonzero(right.any(axis=0))
    return Figure(
        set=name,
        rows=len(right),
        accuracy=round(float(accuracy_score(right, given)), 4),
        micro_f1=round(float(f1_score(right, given, average="micro", zero_division=0)), 4),
        macro_f1=round(float(f1_score(right, given, average="macro", labels=present, zero_division=0)), 4),
        command=command,
    )

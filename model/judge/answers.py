"""What a head says of labelled texts beside what is right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from model.card import STANCES, Group
from model.heads import topic_probabilities
from model.judge.labelled import LabelledSet
from model.pack import Pack, Prediction

Head = Literal["stance", "topic", "event"]
SetOfText = tuple[int, frozenset[str], frozenset[str]]
"""The place of a text, what is right of it, and the conformal set that is told of it."""
CHUNK = 4_096
"""Texts read together: the encoder sorts them by length."""


@dataclass(frozen=True)
class Answers:
    """One head's answers to the texts whose right labels are known: all arrays are (texts, labels) of these.

    ``rows`` are the places of the texts in the set. ``exclusive`` says that exactly one label holds.
    """

    head: Head
    labels: tuple[str, ...]
    exclusive: bool
    rows: np.ndarray
    right: np.ndarray
    shares: np.ndarray

    @property
    def given(self) -> np.ndarray:
        """Which labels are given."""
        return decided(self.shares, exclusive=self.exclusive)

    @property
    def correct(self) -> np.ndarray:
        """For each text whether it is given all its labels and no other."""
        return np.asarray((self.given == self.right).all(axis=1))

    def only(self, keep: np.ndarray) -> Self:
        """The same for the texts of the set that ``keep`` (texts of the set,) says."""
        kept = keep[self.rows]
        return replace(self, rows=self.rows[kept], right=self.right[kept], shares=self.shares[kept])


@dataclass(frozen=True)
class Judged:
    """All that a pack says of a labelled set.

    ``covered`` and ``set_sizes`` are for the texts whose right topics are known to the taxonomy, at ``set_rows``:
    whether the conformal set holds all of them, and how many topics it has. In a set that labels stances alone they are
    for those texts and their sets of stances, where the pack tells these. ``truncated`` is for every text.
    """

    name: str
    texts: int
    answers: tuple[Answers, ...]
    set_rows: np.ndarray
    covered: np.ndarray
    set_sizes: np.ndarray
    truncated: np.ndarray

    def only(self, keep: np.ndarray) -> Self:
        """The same for the texts that ``keep`` (texts,) says."""
        kept = keep[self.set_rows]
        return replace(
            self,
            texts=int(keep.sum()),
            answers=tuple(each.only(keep) for each in self.answers),
            set_rows=self.set_rows[kept],
            covered=self.covered[kept],
            set_sizes=self.set_sizes[kept],
            truncated=self.truncated & keep,
        )

    @property
    def main(self) -> Answers:
        """The answers of the head that the set is about: its first."""
        return self.answers[0]


def judge(pack: Pack, labelled: LabelledSet) -> Judged:
    """Let ``pack`` read the texts of ``labelled`` as when serving."""
    return judged(labelled, predictions(pack, labelled.texts))


def predictions(pack: Pack, texts: Sequence[str]) -> list[Prediction]:
    """One prediction for each clean text, in the order given."""
    return [one for start in range(0, len(texts), CHUNK) for one in pack.predict(texts[start : start + CHUNK])]


def judged(labelled: LabelledSet, found: Sequence[Prediction]) -> Judged:
    """Set ``found``, one prediction a text, beside what is right."""
    answers = tuple(_answers(labelled, found))
    sets = list(_stance_sets(labelled, found) if {one.head for one in answers} == {"stance"} else _topic_sets(labelled, found))
    return Judged(
        name=labelled.name,
        texts=len(labelled.texts),
        answers=answers,
        set_rows=np.array([row for row, _, _ in sets], dtype=int),
        covered=np.array([right <= kept for _, right, kept in sets], dtype=bool),
        set_sizes=np.array([len(kept) for _, _, kept in sets], dtype=int),
        truncated=np.array([one.truncated for one in found], dtype=bool),
    )


def decided(shares: np.ndarray, *, exclusive: bool) -> np.ndarray:
    """Which labels (texts, labels) are given: the most probable one, and where several may hold all from one half on."""
    best = np.zeros(shares.shape, dtype=bool)
    best[np.arange(len(shares)), shares.argmax(axis=1)] = True
    return best if exclusive else best | (shares >= 0.5)


def _topic_sets(labelled: LabelledSet, found: Sequence[Prediction]) -> Iterator[SetOfText]:
    for row, right in enumerate(labelled.topics):
        if right:
            yield row, right, frozenset(found[row].topic_set)


def _stance_sets(labelled: LabelledSet, found: Sequence[Prediction]) -> Iterator[SetOfText]:
    for row, right in enumerate(labelled.labels):
        if right and found[row].stance_set:
            yield row, frozenset(right), frozenset(found[row].stance_set)


def _answers(labelled: LabelledSet, found: Sequence[Prediction]) -> list[Answers]:
    group = labelled.group
    if group is None:
        return _own(labelled, found)
    if group.name == "stance":
        return [_stance(labelled, found)]
    rows = np.arange(len(found))
    shares = np.array([[one.labels[f"{group.name}/{label}"] for label in group.labels] for one in found])
    right = _one_hot(labelled.labels, group.labels)
    exclusive = group.kind == "softmax"
    if labelled.field != "event":
        return [Answers("topic", group.labels, exclusive, rows, right, shares)]
    event = Answers("event", group.labels, exclusive, rows, right, shares)
    return [event, _mapped(labelled, group, rows, shares)]


def _stance(labelled: LabelledSet, found: Sequence[Prediction]) -> Answers:
    rows = np.array([row for row, labels in enumerate(labelled.labels) if labels], dtype=int)
    right = _one_hot([labelled.labels[row] for row in rows], STANCES)
    shares = np.array([found[row].stance for row in rows]).reshape(-1, len(STANCES))
    return Answers("stance", STANCES, exclusive=True, rows=rows, right=right, shares=shares)


def _own(labelled: LabelledSet, found: Sequence[Prediction]) -> list[Answers]:
    """Stance and topics, of those texts that say them."""
    stance = _stance(labelled, found)
    rows = np.array([row for row, topics in enumerate(labelled.topics) if topics], dtype=int)
    known = labelled.taxonomy
    shares = np.array([[found[row].topics.get(topic, 0.0) for topic in known] for row in rows]).reshape(-1, len(known))
    topics = Answers("topic", known, False, rows, _one_hot([labelled.topics[row] for row in rows], known), shares)  # noqa: FBT003
    return [answers for answers in (stance, topics) if len(answers.rows)]


def _mapped(labelled: LabelledSet, group: Group, rows: np.ndarray, shares: np.ndarray) -> Answers:
    """The topics that ``group`` speaks of, from its labels alone; ``general`` where a text has none of them."""
    found = topic_probabilities({group.name: shares}, (group,))
    right = _one_hot([topics or frozenset({"general"}) for topics in labelled.topics], tuple(found))
    columns = np.stack(list(found.values()), axis=1)
    return Answers("topic", tuple(found), group.kind == "softmax", rows, right, columns)


def _one_hot(rows: Sequence[Sequence[str] | frozenset[str]], labels: tuple[str, ...]) -> np.ndarray:
    return np.array([[label in own for label in labels] for own in rows], dtype=bool).reshape(len(rows), len(labels))

"""A pack's figures on a labelled set, and the report label by label."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from model.judge.answers import Answers, Head, Judged
from model.judge.calibration_error import calibration_error


@dataclass(frozen=True)
class Figures:
    """What is measured on a set; None for what the set does not have. Shares are of 1, rounded to 4 places.

    Accuracy counts the texts that are given all their labels and no other. Macro F1 is the mean over the labels that
    occur among the right ones. ``ece`` is that of the stance, else that of the set's own head. ``coverage`` is the share
    of texts whose conformal topic set holds all right topics, ``mean_set_size`` the mean size of these sets, over the
    texts whose topics are known; of a set that labels stances alone they are those of the sets of stances. ``truncated``
    counts the texts that were too long to be read to their end.
    """

    n: int
    stance_accuracy: float | None = None
    stance_macro_f1: float | None = None
    topic_accuracy: float | None = None
    topic_micro_f1: float | None = None
    topic_macro_f1: float | None = None
    event_accuracy: float | None = None
    ece: float | None = None
    coverage: float | None = None
    mean_set_size: float | None = None
    truncated: int = 0

    @property
    def sets_of(self) -> Head:
        """Of what ``coverage`` and ``mean_set_size`` tell: topics, or stances where no topics are labelled."""
        return "stance" if self.topic_accuracy is None else "topic"


@dataclass(frozen=True)
class LabelFigures:
    """One label: of those given it, how many had it; of those that have it, how many were given it; their number."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def figures(judged: Judged) -> Figures:
    """The figures of what a pack said of a set; None throughout for a set of no texts."""
    heads = {answers.head: answers for answers in judged.answers if len(answers.rows)}
    stance, topic, event = heads.get("stance"), heads.get("topic"), heads.get("event")
    asked = stance or event or topic
    return Figures(
        n=judged.texts,
        stance_accuracy=accuracy(stance) if stance else None,
        stance_macro_f1=macro_f1(stance) if stance else None,
        topic_accuracy=accuracy(topic) if topic else None,
        topic_micro_f1=micro_f1(topic) if topic else None,
        topic_macro_f1=macro_f1(topic) if topic else None,
        event_accuracy=accuracy(event) if event else None,
        ece=_rounded(calibration_error(asked.shares, asked.right)) if asked else None,
        coverage=_rounded(judged.covered.mean()) if len(judged.covered) else None,
        mean_set_size=_rounded(judged.set_sizes.mean()) if len(judged.set_sizes) else None,
        truncated=int(judged.truncated.sum()),
    )


def accuracy(answers: Answers) -> float:
    """The share of texts that are given all their labels and no other."""
    return _rounded(answers.correct.mean())


def micro_f1(answers: Answers) -> float:
    """F1 over all pairs of a text and a label."""
    return _rounded(f1_score(answers.right, answers.given, average="micro", zero_division=0))


def macro_f1(answers: Answers) -> float:
    """The mean F1 over the labels that occur among the right ones."""
    present = np.flatnonzero(answers.right.any(axis=0))
    return _rounded(f1_score(answers.right, answers.given, average="macro", labels=present, zero_division=0))


def report(judged: Judged) -> dict[Head, list[LabelFigures]]:
    """For each head the labels that occur, right or given, in the order of the card."""
    return {answers.head: _labels(answers) for answers in judged.answers}


def _labels(answers: Answers) -> list[LabelFigures]:
    given = answers.given
    columns = precision_recall_fscore_support(answers.right, given, average=None, zero_division=0)
    return [
        LabelFigures(label, _rounded(precision), _rounded(recall), _rounded(f1), int(support))
        for label, used, precision, recall, f1, support in zip(
            answers.labels, (answers.right | given).any(axis=0), *columns, strict=True
        )
        if used
    ]


def _rounded(value: float) -> float:
    return round(float(value), 4)

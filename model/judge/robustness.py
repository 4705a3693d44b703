"""How well a pack reads the same texts when they are disturbed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.cleaning import clean
from model.judge.answers import Answers, judge
from model.judge.disturb import DISTURBANCES, disturbed
from model.judge.figures import accuracy
from model.judge.labelled import LabelledSet
from model.pack import Pack


@dataclass(frozen=True)
class Disturbed:
    """What one disturbance does to the answers of the set's own head.

    ``texts`` are those that the pack reads otherwise than before: what cleaning undoes is as if it had not been.
    ``accuracy_before`` and ``accuracy`` are over all texts, ``changed`` is the share of all texts whose answer changed.
    """

    disturbance: str
    texts: int
    accuracy_before: float
    accuracy: float
    changed: float


def robustness(pack: Pack, labelled: LabelledSet, plain: Answers) -> Iterator[Disturbed]:
    """Disturb the texts of ``labelled`` in each way; ``plain`` are the pack's answers to them as they are.

    The texts are disturbed and then cleaned, as they are when they are served.
    """
    before = plain.given
    for name in DISTURBANCES:
        texts = tuple(clean(disturbed(text, name)) for text in labelled.texts)
        other = np.array([new != old for new, old in zip(texts, labelled.texts, strict=True)])
        answers = _answers(pack, labelled, texts, other, plain)
        changed = float((answers.given != before).any(axis=1).mean())
        yield Disturbed(name, int(other.sum()), accuracy(plain), accuracy(answers), round(changed, 4))


def _answers(pack: Pack, labelled: LabelledSet, texts: tuple[str, ...], other: np.ndarray, plain: Answers) -> Answers:
    """The answers to ``texts``; only those that are ``other`` than before are read again."""
    if not other.any():
        return plain
    rows = np.flatnonzero(other)
    again = replace(
        labelled,
        texts=tuple(texts[row] for row in rows),
        labels=tuple(labelled.labels[row] for row in rows),
        topics=tuple(labelled.topics[row] for row in rows),
    )
    found = judge(pack, again).main
    shares = plain.shares.copy()
    shares[np.searchsorted(plain.rows, rows[found.rows])] = found.shares
    return replace(plain, shares=shares)

"""Which words decided what a pack reads: each is left out in turn, and what the answer loses is its contribution.

Leaving words out asks the pack in use itself, whatever runs it, and answers for all heads at once. Among four ways it was
the most faithful by comprehensiveness (DeYoung et al. 2020): see ``tests/benchmarks/faithfulness.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.alignment import Alignment
from model.card import STANCES
from model.cleaning import clean
from model.entities import Watchlist
from model.masking import Span
from model.mentions import parts
from model.pack import Prediction
from model.reader import MOST_ENTITIES, Predictor
from model.words import tellable, without, words_of

MOST_RUNS = 96
"""Stretches that are left out at most: a text of more words is explained by runs of neighbouring ones."""


@dataclass(frozen=True)
class Contribution:
    """A word, or a run of them, with its place in the text as given (None where cleaning brought it in).

    ``value`` is what the answer's probability loses when it is left out: above 0 it speaks for the answer.
    """

    word: str
    start: int | None
    end: int | None
    value: float


@dataclass(frozen=True)
class Decision:
    """One answer of one head, and what contributed to it, in the order of the text.

    ``head`` is ``stance`` or ``topic``; ``entity`` is the one whose clauses alone were read, None for the whole text.
    """

    head: str
    answer: str
    entity: str | None
    probability: float
    words: tuple[Contribution, ...]

    def best(self, most: int) -> list[Contribution]:
        """The ``most`` that weigh most, for or against the answer, heaviest first."""
        return sorted(self.words, key=lambda one: -abs(one.value))[:most]


def explain(pack: Predictor, given: str, watchlist: Watchlist) -> list[Decision]:
    """Explain the stance of the text ``given`` and each topic of its set, then the stance on entities with own clauses.

    Raises PoisonError when the text does not fit into memory.
    """
    read = clean(given)
    decisions = _decisions(pack, given, read, None)
    for part in parts(read, watchlist.find(read), MOST_ENTITIES):
        if part.text != read:
            decisions += _decisions(pack, given, part.text, part.entity)
    return decisions


def _decisions(pack: Predictor, given: str, read: str, entity: str | None) -> list[Decision]:
    runs = _runs(read)
    whole, *others = pack.predict([read, *(without(read, run) for run in runs)])
    places = Alignment(given, read)
    answers = [("stance", STANCES[int(np.argmax(whole.stance))])]
    if entity is None:
        answers += [("topic", topic) for topic in whole.topic_set]
    return [
        Decision(
            head,
            answer,
            entity,
            (before := _probability(whole, head, answer)),
            tuple(
                _contribution(read, places, run, before - _probability(other, head, answer))
                for run, other in zip(runs, others, strict=True)
            ),
        )
        for head, answer in answers
    ]


def _runs(read: str) -> list[list[Span]]:
    """The words that may be told one by one, or as many runs of neighbours as may be left out."""
    words = [word for word in words_of(read) if tellable(read, word)]
    size = -(-len(words) // MOST_RUNS) or 1
    return [words[start : start + size] for start in range(0, len(words), size)]


def _probability(found: Prediction, head: str, answer: str) -> float:
    return found.stance[STANCES.index(answer)] if head == "stance" else found.topics.get(answer, 0.0)


def _contribution(read: str, places: Alignment, run: Sequence[Span], value: float) -> Contribution:
    own = Span(run[0].start, run[-1].end)
    start, end = places.span(own) or (None, None)
    return Contribution(read[own.start : own.end], start, end, value)

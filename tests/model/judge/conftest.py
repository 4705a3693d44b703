"""Answers and judged sets made by hand, so that what is measured of them can be worked out on paper."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.judge.answers import Answers, Judged
from model.pack import Pack

MakeAnswers = Callable[..., Answers]


@pytest.fixture
def make_answers() -> MakeAnswers:
    """The stance answers to texts whose right and given labels are told by position."""

    def make(right: Sequence[int], given: Sequence[int], confidence: float = 0.8) -> Answers:
        shares = np.full((len(given), 3), (1 - confidence) / 2)
        shares[np.arange(len(given)), given] = confidence
        return Answers(
            "stance",
            ("negative", "neutral", "positive"),
            True,
            np.arange(len(right)),
            np.eye(3, dtype=bool)[list(right)],
            shares,
        )

    return make


@pytest.fixture
def make_judged(make_answers: MakeAnswers) -> Callable[..., Judged]:
    """A judged set of stances, without topics."""

    def make(right: Sequence[int], given: Sequence[int], name: str = "posts") -> Judged:
        none = np.array([], dtype=int)
        answers = make_answers(right, given)
        return Judged(name, len(right), (answers,), none, none.astype(bool), none, np.zeros(len(right), dtype=bool))

    return make


@pytest.fixture
def pack(make_pack: Callable[..., Path], card: dict[str, Any], tmp_path: Path) -> Pack:
    """A pack over the tiny base."""
    return Pack.load(make_pack(card), tmp_path)

"""Comparing packs: paired tests that know chance from a difference."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from groundswell.errors import FatalError
from model.judge.answers import Judged
from model.judge.compare import compare, mcnemar, worse

MakeJudged = Callable[..., Judged]
RIGHT = [0, 1, 2] * 100


def mistaken(every: int, start: int = 0) -> list[int]:
    """The right labels, with one in ``every`` wrong."""
    return [(label + 1) % 3 if place % every == start else label for place, label in enumerate(RIGHT)]


def test_mcnemar_is_the_binomial_test_of_the_texts_that_one_alone_has_right() -> None:
    assert mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(5, 0, one_sided=True) == pytest.approx(1 / 32)
    assert mcnemar(0, 0) == 1.0


def test_a_pack_with_fewer_mistakes_is_better(make_judged: MakeJudged) -> None:
    found = compare(make_judged(RIGHT, mistaken(4)), make_judged(RIGHT, mistaken(10)))
    assert found.better == "B"
    assert found.verdict.startswith("B reads posts better than A: accuracy +15.00 points")
    assert found.low > 0


def test_the_same_pack_is_neither_better_nor_worse(make_judged: MakeJudged) -> None:
    judged = make_judged(RIGHT, mistaken(4))
    found = compare(judged, judged)
    assert (found.better, found.p_value, found.macro_f1_gain, found.low, found.high) == ("neither", 1.0, 0, 0, 0)
    assert worse([found]) == []


def test_as_many_mistakes_elsewhere_are_no_difference(make_judged: MakeJudged) -> None:
    assert compare(make_judged(RIGHT, mistaken(5)), make_judged(RIGHT, mistaken(5, 2))).better == "neither"


def test_a_comparison_gives_the_same_numbers_each_time(make_judged: MakeJudged) -> None:
    a, b = make_judged(RIGHT, mistaken(4)), make_judged(RIGHT, mistaken(5))
    assert compare(a, b) == compare(a, b)


def test_the_gain_is_that_of_the_figures(make_judged: MakeJudged) -> None:
    found = compare(make_judged(RIGHT, mistaken(4)), make_judged(RIGHT, mistaken(7)))
    expected = f1_score(RIGHT, mistaken(7), average="macro") - f1_score(RIGHT, mistaken(4), average="macro")
    assert found.macro_f1_gain == pytest.approx(expected, abs=1e-4)


def test_the_gate_names_the_set_on_which_the_new_pack_is_worse(make_judged: MakeJudged) -> None:
    good, bad = mistaken(10), mistaken(3)
    found = [
        compare(make_judged(RIGHT, good, name), make_judged(RIGHT, new, name)) for name, new in (("old", bad), ("new", good))
    ]
    assert [one.set for one in worse(found)] == ["old"]


def test_the_gate_seldom_fails_a_pack_that_is_as_good(make_judged: MakeJudged) -> None:
    draw = np.random.default_rng(3)
    failed = 0
    for _ in range(20):
        answers = [np.where(draw.random(300) < 0.2, (np.array(RIGHT) + 1) % 3, RIGHT) for _ in range(2)]
        failed += bool(worse([compare(*(make_judged(RIGHT, given) for given in answers))]))
    assert failed <= 4


def test_labels_in_another_order_are_the_same_labels(make_judged: MakeJudged) -> None:
    a, b = make_judged(RIGHT, mistaken(4)), make_judged(RIGHT, mistaken(4))
    main = b.main
    turned = replace(main, labels=main.labels[::-1], right=main.right[:, ::-1], shares=main.shares[:, ::-1])
    assert compare(a, replace(b, answers=(turned,))).a_only == 0


def test_packs_with_other_labels_are_not_compared(make_judged: MakeJudged) -> None:
    a, b = make_judged(RIGHT, RIGHT), make_judged(RIGHT, RIGHT)
    other = replace(b, answers=(replace(b.main, labels=("negative", "neutral", "mixed")),))
    with pytest.raises(FatalError, match="only one of the packs knows the label 'mixed'"):
        compare(a, other)

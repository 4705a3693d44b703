"""Figures and reports as published ones are computed."""

from collections.abc import Callable

import numpy as np
import pytest

from model.judge.answers import Answers, Judged, decided
from model.judge.figures import Figures, accuracy, figures, macro_f1, micro_f1, report


def several(right: list[list[int]], given: list[list[int]]) -> Answers:
    labels = ("x", "y", "z")
    shares = np.where(np.array(given, dtype=bool), 0.9, 0.1)
    return Answers(
        "topic", labels, exclusive=False, rows=np.arange(len(right)), right=np.array(right, dtype=bool), shares=shares
    )


def test_exclusive_labels_give_the_most_probable_one() -> None:
    assert decided(np.array([[0.3, 0.4, 0.3]]), exclusive=True).tolist() == [[False, True, False]]


def test_independent_labels_give_all_from_one_half_on() -> None:
    assert decided(np.array([[0.6, 0.5, 0.1]]), exclusive=False).tolist() == [[True, True, False]]


def test_a_text_is_given_a_label_even_when_none_is_probable() -> None:
    assert decided(np.array([[0.1, 0.2, 0.1]]), exclusive=False).tolist() == [[False, True, False]]


def test_macro_f1_is_the_mean_over_labels_that_occur(make_answers: Callable[..., Answers]) -> None:
    answers = make_answers([0, 0, 0, 1], [0, 0, 0, 0])
    assert (accuracy(answers), micro_f1(answers)) == (0.75, 0.75)
    assert macro_f1(answers) == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)


def test_a_text_with_one_label_too_many_is_not_right() -> None:
    assert accuracy(several([[1, 0, 0]], [[1, 1, 0]])) == 0


def test_figures_of_what_a_set_does_not_have_are_none(make_judged: Callable[..., Judged]) -> None:
    found = figures(make_judged([0, 1], [0, 1]))
    assert (found.n, found.stance_accuracy, found.stance_macro_f1, found.truncated) == (2, 1.0, 1.0, 0)
    absent = (found.topic_accuracy, found.topic_micro_f1, found.topic_macro_f1, found.event_accuracy, found.coverage)
    assert (*absent, found.mean_set_size) == (None,) * 6


def test_figures_of_some_texts_are_those_of_a_set_of_these_alone(make_judged: Callable[..., Judged]) -> None:
    judged = make_judged([0, 1, 2, 2], [0, 1, 0, 1])
    keep = np.array([True, True, False, False])
    assert figures(judged.only(keep)) == figures(make_judged([0, 1], [0, 1]))


def test_figures_of_no_texts_are_none(make_judged: Callable[..., Judged]) -> None:
    assert figures(make_judged([0], [0]).only(np.array([False]))) == Figures(n=0)


def test_the_report_tells_of_each_label_that_occurs(make_judged: Callable[..., Judged]) -> None:
    found = report(make_judged([0, 0, 2], [0, 2, 2]))["stance"]
    told = [(one.label, one.precision, one.recall, one.support) for one in found]
    assert told == [("negative", 1.0, 0.5, 2), ("positive", 0.5, 1.0, 1)]

"""Evaluation: figures as published ones are computed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundswell.errors import FatalError
from model.card import Group
from model.evaluate import decided, evaluate, figure
from model.pack import Pack

ANY = Group(name="any", kind="sigmoid", labels=("x", "y", "z"))
ONE = Group(name="one", kind="softmax", labels=("x", "y", "z"))


def test_exclusive_labels_give_the_most_probable_one() -> None:
    assert decided(np.array([[0.3, 0.4, 0.3]]), ONE).tolist() == [[False, True, False]]


def test_independent_labels_give_all_from_one_half_on() -> None:
    assert decided(np.array([[0.6, 0.5, 0.1]]), ANY).tolist() == [[True, True, False]]


def test_a_text_is_given_a_label_even_when_none_is_probable() -> None:
    assert decided(np.array([[0.1, 0.2, 0.1]]), ANY).tolist() == [[False, True, False]]


def test_macro_f1_is_the_mean_over_labels_that_occur() -> None:
    right = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=bool)
    given = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)
    found = figure(right, given, "set", "command")
    assert found.accuracy == 0.75
    assert found.micro_f1 == 0.75
    assert found.macro_f1 == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)


def test_a_text_with_one_label_too_many_is_not_right() -> None:
    right = np.array([[1, 0, 0]], dtype=bool)
    assert figure(right, np.array([[1, 1, 0]], dtype=bool), "set", "command").accuracy == 0


@pytest.fixture
def pack(make_pack: Callable[..., Path], card: dict[str, Any], tmp_path: Path) -> Pack:
    """A pack over the tiny base."""
    return Pack.load(make_pack(card), tmp_path)


def test_a_figure_names_the_command_that_measures_it_again(pack: Pack, make_data: Callable[..., Path]) -> None:
    folder = make_data(posts=[{"text": "good", "sentiment": "positive"}, {"text": "bad", "sentiment": "negative"}])
    found = evaluate(pack, folder / "posts_train.jsonl", "posts")
    assert (found.rows, found.command) == (2, "groundswell evaluate posts_train.jsonl --labels posts")


def test_labels_that_the_pack_does_not_know_are_refused(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="'weather' is no set of pack tiny; it knows posts, events"):
        evaluate(pack, tmp_path / "x.jsonl", "weather")

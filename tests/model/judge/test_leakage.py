"""Leakage: texts are the same where only links, digits and case differ."""

from collections.abc import Callable
from pathlib import Path

import pytest

from groundswell.errors import FatalError
from model.cleaning import clean
from model.data import same
from model.judge.labelled import read_set
from model.judge.leakage import duplicates, leaked
from model.pack import Pack

MakeData = Callable[..., Path]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Sales UP 5%", "sales up 17%"), ("up https://a.example/1", "up"), ("up  12 now", "up now"), ("公司2021年", "公司2022年")],
)
def test_texts_are_the_same_but_for_links_digits_and_case(one: str, other: str) -> None:
    assert same(clean(one)) == same(clean(other))


def test_texts_of_digits_and_links_alone_stay_apart() -> None:
    assert same("12") != same("13")


def test_other_words_are_another_text() -> None:
    assert same("sales up") != same("sales down")


def test_duplicates_are_counted_and_those_that_contradict(pack: Pack, make_data: MakeData) -> None:
    rows = [("good", "positive"), ("Good", "positive"), ("GOOD 5", "negative"), ("bad", "negative")]
    folder = make_data(posts=[{"text": text, "sentiment": label} for text, label in rows])
    found = duplicates(read_set(pack.card, folder / "posts_train.jsonl", "posts"))
    assert (found.rows, found.contradicting) == (2, 1)


def test_texts_that_stand_in_the_training_set_are_found(make_data: MakeData) -> None:
    path = make_data(posts=[{"text": "Sales up 5% https://a.example"}]) / "posts_train.jsonl"
    assert leaked(["sales up 7%", "sales down"], [path]).tolist() == [True, False]


def test_a_training_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="no such file"):
        leaked(["a"], [tmp_path / "missing.jsonl"])


def test_a_training_set_without_texts_is_told(make_data: MakeData) -> None:
    with pytest.raises(FatalError, match="not JSON lines with a text each"):
        leaked(["a"], [make_data(posts=[{"body": "x"}]) / "posts_train.jsonl"])

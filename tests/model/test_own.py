"""The users' own labels: what a row may say, and what it teaches the heads of a pack."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from groundswell.errors import FatalError
from model.card import Card
from model.own import PARTLY, Candidate, OwnRow, candidates, own_rows, targets

Dump = dict[str, Any]


@pytest.fixture
def taught(card: Dump) -> Any:
    """What a row teaches each group of the plain card: group -> (target, weight)."""
    read = Card.model_validate(card)
    return lambda **said: {group: (target, weight) for group, target, weight in targets(read, OwnRow(text="x", **said))}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def test_other_fields_of_a_users_file_are_passed_over(tmp_path: Path) -> None:
    rows = own_rows(write(tmp_path / "a.jsonl", {"text": "up", "stance": "positive", "id": 5}, ""))
    assert rows == [OwnRow(text="up", stance="positive")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": " "}, "text: "),
        ({"text": "up", "stance": "bullish"}, "stance: "),
        ({"text": "up", "topics": ["weather"]}, "topics: 'weather' is no topic of the taxonomy"),
        ("oops", "Invalid JSON"),
    ],
)
def test_a_bad_row_is_told_with_file_line_and_field(tmp_path: Path, row: object, reason: str) -> None:
    with pytest.raises(FatalError, match=rf"a\.jsonl line 2: .*{reason}") as raised:
        own_rows(write(tmp_path / "a.jsonl", {"text": "fine"}, row))
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="is missing"):
        own_rows(tmp_path / "a.jsonl")


def test_any_file_of_texts_offers_candidates_and_wrong_alerts_urgent_ones(tmp_path: Path) -> None:
    rows = ({"text": "a", "topics": ["公司"]}, {"text": "b", "verdict": "wrong"}, {"text": "c", "verdict": "right"})
    assert candidates(write(tmp_path / "a.jsonl", *rows)) == [Candidate("a"), Candidate("b", urgent=True)]


@pytest.mark.parametrize("row", ["oops", "[]", {"body": "x"}, {"text": ""}, {"text": 5}])
def test_a_row_without_a_text_is_no_candidate(tmp_path: Path, row: object) -> None:
    with pytest.raises(FatalError, match=r"a\.jsonl line 1 is not a JSON object with a text"):
        candidates(write(tmp_path / "a.jsonl", row))


def test_a_stance_teaches_the_stance_head_alone(taught: Any) -> None:
    assert taught(stance="neutral", weight=0.2) == {"stance": ((0, 1, 0), 0.2)}


def test_a_topic_teaches_the_label_that_speaks_of_it_and_the_labels_that_do_not(taught: Any) -> None:
    found = taught(topics=("fraud",))
    assert found["event"] == ((1, 0), 1.0)
    target, weight = found["news"]
    assert target[:2] == (0, 0)
    assert math.isnan(target[2])  # home speaks of no topic: whether it holds, nobody said
    assert weight == PARTLY


def test_a_topic_that_no_label_speaks_of_teaches_the_label_of_no_topic(taught: Any) -> None:
    assert taught(topics=("macro",))["event"] == ((0, 1), 1.0)


def test_labels_that_speak_of_one_topic_share_it(card: Dump) -> None:
    one = {
        "name": "one",
        "kind": "softmax",
        "labels": ["a", "b", "c"],
        "topics": {"a": ["fraud"], "b": ["fraud"], "c": ["macro"]},
    }
    several = {**one, "name": "several", "kind": "sigmoid"}
    card["groups"] = [card["groups"][0], one, several]
    card["recipe"] = {}
    found = {group: target for group, target, _ in targets(Card.model_validate(card), OwnRow(text="x", topics=("fraud",)))}
    assert found["one"] == (0.5, 0.5, 0.0)
    assert [math.isnan(value) for value in found["several"]] == [True, True, False]


def test_a_group_that_cannot_tell_the_topic_learns_nothing(card: Dump) -> None:
    card["groups"] = [card["groups"][0], {"name": "one", "kind": "softmax", "labels": ["a"], "topics": {"a": ["fraud"]}}]
    card["recipe"] = {}
    assert list(targets(Card.model_validate(card), OwnRow(text="x", topics=("macro",)))) == []

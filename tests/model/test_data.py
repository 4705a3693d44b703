"""Data: labelled rows become partly labelled examples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundswell.errors import FatalError
from model.card import Card
from model.data import Example, examples

MakeData = Callable[..., Path]


@pytest.fixture
def read(card: dict[str, Any], make_data: MakeData) -> Callable[..., dict[str, Example]]:
    """Examples by text from sets of rows."""

    def from_sets(posts: list[dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, Example]:
        found = examples(Card.model_validate(card), make_data(posts=posts, events=events))
        return {example.text: example for example in found}

    return from_sets


def post(text: str, sentiment: str = "positive") -> dict[str, Any]:
    return {"text": text, "sentiment": sentiment}


def event(text: str, label: str | list[str] = "forged") -> dict[str, Any]:
    return {"text": text, "event": label}


def test_a_group_that_a_set_does_not_label_has_no_weight(read: Callable[..., dict[str, Example]]) -> None:
    found = read([post("up")], [event("other", "none")])
    assert set(found["up"].weights) == {"stance"}
    assert set(found["other"].weights) == {"event"}


def test_training_texts_are_cleaned_as_when_serving(read: Callable[..., dict[str, Example]]) -> None:
    assert set(read([post("S&amp;P   up")], [event("x")])) == {"S&P up", "x"}


def test_copies_with_different_labels_train_a_probability(read: Callable[..., dict[str, Example]]) -> None:
    found = read([post("up"), post("up"), post("up", "neutral")], [event("x")])
    assert found["up"].targets["stance"] == pytest.approx((0, 1 / 3, 2 / 3))


def test_a_weak_label_has_a_small_weight(read: Callable[..., dict[str, Example]]) -> None:
    example = read([post("up")], [event("forged books")])["forged books"]
    assert (example.targets["stance"], example.weights["stance"]) == ((1, 0, 0), 0.2)


def test_a_weak_label_gives_way_to_a_strong_one(read: Callable[..., dict[str, Example]]) -> None:
    example = read([post("same")], [event("same")])["same"]
    assert (example.targets["stance"], example.weights["stance"]) == ((0, 0, 1), 1.0)


def test_rows_left_out_of_weak_supervision_say_nothing_of_it(read: Callable[..., dict[str, Example]]) -> None:
    assert "stance" not in read([post("up")], [event("calm", "none")])["calm"].weights


def test_one_text_in_twenty_is_held_out_wherever_it_stands() -> None:
    texts = [f"text {chr(0x4E00 + i)}" for i in range(2_000)]
    held = [Example(text, {}, {}).held_out for text in texts]
    assert 60 <= sum(held) <= 140
    assert held == [Example(text, {}, {}).held_out for text in texts]


def test_near_copies_stand_on_one_side_of_the_split() -> None:
    for i in range(300):
        one, other = f"Profit {chr(0x4E00 + i)} up 12%", f"profit {chr(0x4E00 + i)} up 9%"
        assert Example(one, {}, {}).held_out == Example(other, {}, {}).held_out


def test_the_users_own_labels_join_the_sets(card: dict[str, Any], make_data: MakeData) -> None:
    own = [{"text": "mine", "stance": "negative", "topics": ["fraud"]}, {"text": "up", "stance": "neutral", "weight": 0.2}]
    folder = make_data(posts=[post("up")], events=[event("x")], own=[*own, {"text": "later", "skipped": True}])
    found = {example.text: example for example in examples(Card.model_validate(card), folder)}
    assert found["mine"].targets["stance"] == pytest.approx((1, 0, 0))
    assert found["mine"].targets["event"] == pytest.approx((1, 0))
    assert found["up"].targets["stance"] == pytest.approx((0, 0, 1))  # a weak label gives way
    assert "later" not in found


def test_what_labels_a_text_only_partly_gives_way_to_what_labels_it_wholly(card: dict[str, Any], make_data: MakeData) -> None:
    card["recipe"]["sets"].append({"name": "flashes", "field": "topics", "group": "news"})
    own = {"text": "x", "topics": ["earnings"]}
    flashes = [{"text": "x", "topics": ["home"]}, {"text": "y", "topics": ["sales"]}]
    folder = make_data(posts=[post("up")], events=[event("z")], flashes=flashes, own=[own])
    found = {example.text: example for example in examples(Card.model_validate(card), folder)}
    assert found["x"].targets["news"] == pytest.approx((0, 0, 1))


def test_a_missing_set_is_named(card: dict[str, Any], make_data: MakeData) -> None:
    with pytest.raises(FatalError, match=r"posts_train\.jsonl is missing"):
        examples(Card.model_validate(card), make_data(events=[event("x")]))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "up"}, "not a JSON object with text and sentiment"),
        ({"text": "", "sentiment": "positive"}, "has no text"),
        ({"text": "up", "sentiment": []}, "no sentiment"),
        ({"text": "up", "sentiment": "LABEL_2"}, "'LABEL_2' is no label of group stance"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row: dict[str, Any], reason: str, read: Callable[..., Any]) -> None:
    with pytest.raises(FatalError, match=rf"posts_train\.jsonl line 2.*{reason}"):
        read([post("fine"), row], [event("x")])


def test_a_line_that_is_not_json_is_named(card: dict[str, Any], make_data: MakeData) -> None:
    folder = make_data(posts=[post("fine")], events=[event("x")])
    (folder / "events_train.jsonl").write_text("oops\n")
    with pytest.raises(FatalError, match=r"events_train\.jsonl line 1 is not a JSON object"):
        examples(Card.model_validate(card), folder)

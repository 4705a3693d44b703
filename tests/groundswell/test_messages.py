"""The wire types: what they refuse, what they let through, and how their ids follow from content."""

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.errors import PoisonError
from groundswell.messages import MAX_TEXT, DeadLetter, Hypothesis, SchemaName, Stance, Text, json_schema

NOW = "2026-03-09T09:30:00+00:00"
TEXT: dict[str, Any] = {"text": "Sales fell", "source": "forum", "published_at": NOW, "ingested_at": NOW}
HYPOTHESIS: dict[str, Any] = {
    "text_id": "t1",
    "subject": {"topic": "earnings", "entity": None},
    "stance": {"negative": 0.7, "neutral": 0.2, "positive": 0.1},
    "probability": 0.9,
    "rank": 1,
    "of": 1,
    "lang": "en",
    "source": "forum",
    "story": "s1",
    "published_at": NOW,
    "ingested_at": NOW,
    "excerpt": "Sales fell",
    "model": "en@1",
}


def wire(fields: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**fields, **changes}).encode()


def test_a_text_comes_back_from_the_wire_as_it_was() -> None:
    text = Text.from_wire(wire(TEXT, title="Q3", author="a", url="https://example.org/1"))
    assert Text.from_wire(text.to_wire()) == text


def test_a_hypothesis_comes_back_from_the_wire_as_it_was() -> None:
    hypothesis = Hypothesis.from_wire(wire(HYPOTHESIS))
    assert Hypothesis.from_wire(hypothesis.to_wire()) == hypothesis


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(PoisonError, match=r"^not a text/1: sentiment: no such field$"):
        Text.from_wire(wire(TEXT, sentiment="negative"))


def test_an_unknown_field_deep_inside_is_refused_by_its_place() -> None:
    with pytest.raises(PoisonError, match=r"subject\.sector: no such field"):
        Hypothesis.from_wire(wire(HYPOTHESIS, subject={"topic": "earnings", "sector": "banks"}))


@pytest.mark.parametrize("field", ["published_at", "ingested_at"])
def test_a_naive_time_is_refused(field: str) -> None:
    with pytest.raises(PoisonError, match=rf"{field}: .*timezone"):
        Text.from_wire(wire(TEXT, **{field: "2026-03-09T09:30:00"}))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "no value"),
        (b"", "not JSON"),
        (b"\xff{oops", "not JSON"),
        (b"null", "not a text/1"),
        (b"[1, 2]", "not a text/1"),
        (b'{"source": "forum"}', "text: Field required"),
        (b"[" * 100_000, "not JSON"),
        (b"1" * 10_000, "not JSON"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(payload: bytes | None, reason: str) -> None:
    with pytest.raises(PoisonError, match=reason) as caught:
        Text.from_wire(payload)
    assert "\n" not in str(caught.value)


def test_two_megabytes_of_text_are_refused_without_being_repeated() -> None:
    with pytest.raises(PoisonError, match=r"text: .*at most 100000 characters") as caught:
        Text.from_wire(wire(TEXT, text="x" * 2_000_000))
    assert len(str(caught.value)) < 200


def test_the_longest_text_that_is_allowed_is_read() -> None:
    assert len(Text.from_wire(wire(TEXT, text="跌" * MAX_TEXT)).text) == MAX_TEXT


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-0.1", "1.1"])
def test_a_probability_that_is_none_is_refused(number: str) -> None:
    payload = wire(HYPOTHESIS).replace(b'"probability": 0.9', f'"probability": {number}'.encode())
    with pytest.raises(PoisonError):
        Hypothesis.from_wire(payload)


def test_stances_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(PoisonError, match=r"stance: stance probabilities sum to 0\.8000, not to 1"):
        Hypothesis.from_wire(wire(HYPOTHESIS, stance={"negative": 0.5, "neutral": 0.2, "positive": 0.1}))


def test_a_lone_surrogate_is_read_without_a_crash() -> None:
    escaped = Text.from_wire(rb'{"text": "up \ud83d!", "source": "forum", "published_at": "%b", "ingested_at": "%b"}'
                             % (NOW.encode(), NOW.encode()))  # fmt: skip
    assert escaped.text == "up \ufffd!"
    assert Text.from_wire(escaped.to_wire()) == escaped


def test_a_surrogate_in_raw_bytes_is_read_without_a_crash() -> None:
    text = Text.from_wire(wire(TEXT, text="up ?!").replace(b"?", b"\xed\xa0\xbd"))
    assert text.to_wire().decode()


@pytest.mark.parametrize("odd", ["a\0b", "👨‍👩‍👧‍👦", "\u202eevil\u202c", "S&amp;amp;P", "\ufeff茅台"])
def test_odd_characters_survive_the_wire(odd: str) -> None:
    text = Text.from_wire(wire(TEXT, text=odd))
    assert Text.from_wire(text.to_wire()).text == odd


@given(st.text(min_size=1, max_size=50))
def test_any_text_survives_the_wire(content: str) -> None:
    text = Text.model_validate({**TEXT, "text": content})
    assert Text.from_wire(text.to_wire()) == text


def test_the_same_content_has_the_same_id() -> None:
    assert Text.from_wire(wire(TEXT)).id == Text.from_wire(wire(TEXT, ingested_at="2026-03-09T10:00:00+00:00")).id


@pytest.mark.parametrize(
    "change", [{"text": "Sales rose"}, {"source": "news"}, {"author": "a"}, {"published_at": "2026-03-09T09:30:01+00:00"}]
)
def test_other_content_has_another_id(change: dict[str, str]) -> None:
    assert Text.from_wire(wire(TEXT)).id != Text.from_wire(wire(TEXT, **change)).id


def test_an_id_of_the_producers_own_is_kept() -> None:
    assert Text.from_wire(wire(TEXT, id="mine")).id == "mine"


def test_a_time_keeps_its_offset_from_the_wire() -> None:
    text = Text.from_wire(wire(TEXT, published_at="2026-03-09T17:30:00+08:00"))
    assert text.published_at == datetime(2026, 3, 9, 17, 30, tzinfo=timezone(timedelta(hours=8)))
    assert text.published_at.astimezone(UTC).hour == 9


def test_what_is_not_set_is_not_sent() -> None:
    assert set(json.loads(Text.from_wire(wire(TEXT)).to_wire())) == {*TEXT, "id", "kind"}


def test_a_message_cannot_be_changed() -> None:
    stance = Stance(negative=1, neutral=0, positive=0)
    with pytest.raises(ValueError, match="frozen"):
        stance.negative = 0.5  # type: ignore[misc]


def test_a_letter_without_a_key_is_a_letter() -> None:
    letter = DeadLetter(
        stage="diverger",
        topic="t",
        partition=0,
        offset=7,
        reason="no",
        failed_at=datetime(2026, 3, 9, tzinfo=UTC),
        value_bytes=0,
    )
    assert DeadLetter.from_wire(letter.to_wire()) == letter


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_a_schema_keeps_unknown_fields_out(name: SchemaName) -> None:
    schema = json_schema(name)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_every_reference_in_a_schema_leads_somewhere(name: SchemaName) -> None:
    schema = json_schema(name)
    pointers = [part.split('"')[0] for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]]
    assert set(pointers) <= set(schema.get("$defs", {}))


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_the_schema_files_are_those_of_the_wire_types(name: SchemaName) -> None:
    stored = files("groundswell").joinpath("schemas", f"{name}.json").read_text("utf-8")
    assert json.loads(stored) == json_schema(name), f"groundswell schema {name} > groundswell/schemas/{name}.json"

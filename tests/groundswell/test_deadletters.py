"""Deadletters are told once each, and what was kept whole goes back to where it came from."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from groundswell.deadletters import choose, find, original, plan
from groundswell.errors import PoisonError
from groundswell.kafka import Output, Publisher, Record, Topics, ensure_topics
from groundswell.messages import DeadLetter
from groundswell.settings import Settings
from groundswell.tail import Tail
from tests.groundswell.conftest import Command

NOW = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
TOPICS = Topics("test")
GOOD = b'{"text": "Sales fell"}'


def letter(offset: int = 7, value: bytes | None = GOOD, **changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "stage": "diverger",
        "topic": TOPICS.texts,
        "partition": 1,
        "offset": offset,
        "reason": "not a text/1: source: Field required",
        "failed_at": NOW,
        "key_base64": base64.b64encode(b"key").decode(),
        "value_base64": None if value is None else base64.b64encode(value).decode(),
        "value_bytes": len(value or b""),
        "headers": {"schema": "text/1"},
    }
    return DeadLetter.model_validate({**fields, **changes})


def record(value: bytes | None) -> Record:
    return Record(TOPICS.deadletters, 0, 0, b"k", value, 0)


def test_a_record_that_failed_twice_is_told_once() -> None:
    first = letter()
    again = letter(failed_at=datetime(2026, 3, 10, tzinfo=UTC))
    found = find([record(one.to_wire()) for one in (first, again, letter(8))])
    assert [one.offset for one in found.letters] == [7, 8]
    assert found.letters[0] == first


def test_what_is_no_deadletter_is_counted_and_hides_no_other() -> None:
    found = find([record(b"oops"), record(None), record(letter().to_wire())])
    assert (found.unreadable, len(found.letters)) == (2, 1)


def test_letters_are_chosen_by_stage_and_by_part_of_their_reason() -> None:
    letters = [letter(1), letter(2, stage="converger"), letter(3, reason="MemoryError: out of memory")]
    assert [one.offset for one in choose(letters, None, None)] == [1, 2, 3]
    assert [one.offset for one in choose(letters, "converger", None)] == [2]
    assert [one.offset for one in choose(letters, None, "memoryerror")] == [3]
    assert choose(letters, "converger", "memory") == []


def test_the_original_goes_to_its_partition_with_key_and_headers() -> None:
    assert original(letter(), TOPICS) == Output(TOPICS.texts, b"key", GOOD, {"schema": b"text/1"}, 1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value_bytes": 70_000}, r"only 22 of its 70,000 bytes were kept"),
        ({"value": None}, "had no value"),
        ({"topic": "payments"}, "topic payments is not under the prefix test"),
        ({"value_base64": "%%%"}, "not base64"),
    ],
)
def test_what_cannot_be_sent_again_says_why(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(PoisonError, match=reason):
        original(letter(**changes), TOPICS)


def test_a_record_that_failed_again_after_a_replay_is_sent_once() -> None:
    made = plan([letter(7), letter(12), letter(13, b"other"), letter(14, None)], TOPICS)
    assert [output.value for output in made.outputs] == [GOOD, b"other"]
    assert made.copies == 1
    assert [one.offset for one, _ in made.refused] == [14]


@pytest.fixture
def fail(on_servers: Settings) -> Callable[..., None]:
    """Put letters into the deadletters topic of this test."""
    ensure_topics(on_servers)
    topics = Topics(on_servers.kafka.topic_prefix)

    def publish(*letters: DeadLetter) -> None:
        publisher = Publisher(on_servers, "test")
        publisher.publish([Output.of(topics.deadletters, "k", one) for one in letters])
        publisher.close()

    return publish


def texts_of(settings: Settings) -> list[Record]:
    with Tail(settings, Topics(settings.kafka.topic_prefix).texts) as tail:
        return list(tail.to_end())


def test_a_flood_is_listed_filtered_and_sent_again(command: Command, fail: Callable[..., None], on_servers: Settings) -> None:
    topic = Topics(on_servers.kafka.topic_prefix).texts
    flood = [letter(number, b"text %d" % number, topic=topic) for number in range(300)]
    other = letter(400, b"x" * 10, topic=topic, reason="MemoryError")
    fail(*flood, flood[0], letter(500, topic=topic, value_bytes=70_000), other)

    listed = command("deadletters", "--json", "--limit", "5")
    assert [json.loads(line)["offset"] for line in listed.out.splitlines()] == [297, 298, 299, 500, 400]
    assert "302 deadletters, the last 5 shown" in command("deadletters", "list", "--limit", "5").err

    rehearsed = command("deadletters", "replay", "--dry-run")
    assert "301 records would be sent again" in rehearsed.err
    assert "1 cannot be sent again: only 22 of its 70,000 bytes were kept" in rehearsed.err
    assert texts_of(on_servers) == []

    assert "1 records sent again" in command("deadletters", "replay", "--reason", "memory").err
    assert "300 records sent again" in command("deadletters", "replay", "--stage", "diverger", "--reason", "field required").err
    found = texts_of(on_servers)
    assert {one.value for one in found} == {one.value for one in map(original_of, flood)} | {b"x" * 10}
    assert {(one.partition, one.key, one.schema) for one in found} == {(1, b"key", "text/1")}


def original_of(one: DeadLetter) -> Output:
    return original(one, Topics(one.topic.removesuffix(".texts")))


@pytest.mark.usefixtures("fail")
def test_no_deadletters_are_told_as_such(command: Command) -> None:
    ran = command("deadletters")
    assert (ran.status, ran.out, ran.err) == (0, "", "0 deadletters\n")


@pytest.mark.usefixtures("on_servers")
def test_a_topic_that_is_not_there_is_told_in_one_line(command: Command) -> None:
    ran = command("deadletters")
    assert ran.status == 1
    assert "is not there yet: start `groundswell up`" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_nothing_in_a_reason_is_obeyed_by_the_terminal(command: Command, fail: Callable[..., None]) -> None:
    fail(letter(reason="[red]\x1b]0;owned\x07\u202e: no such field"))
    shown = command("deadletters").out
    assert "[red]" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)

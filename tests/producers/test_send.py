"""Sending texts to a real broker: acknowledged, in order with their watermarks, whole through an outage."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from groundswell.clock import ManualClock, SystemClock
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, Record, Topics, ensure_topics
from groundswell.local import LocalKafka
from groundswell.messages import Text, Watermark
from groundswell.punctuation import Punctuation
from groundswell.settings import LoopSettings, Settings
from producers.pace import Pause
from producers.recent import Recent
from producers.send import send_texts

NOW = datetime(2026, 3, 9, 10, tzinfo=UTC)
Look = Callable[[], list[Record]]


def some(count: int) -> list[Text]:
    return [Text(text=f"text {number}", source="s", published_at=NOW, ingested_at=NOW) for number in range(count)]


def ids(records: Iterable[Record]) -> set[str]:
    return {record.key.decode() for record in records if record.schema == "text/1" and record.key}


def test_every_text_stands_in_the_topic_under_its_id(publisher: Publisher, topics: Topics, texts_topic: Look) -> None:
    texts = some(50)
    sent = send_texts(texts, publisher, topics, SystemClock(), window=7)
    records = texts_topic()
    assert (sent.texts, sent.repeated, len(records)) == (50, 0, 50)
    assert {Text.from_wire(record.value).id for record in records} == ids(records) == {text.id for text in texts}


def test_a_watermark_goes_to_every_partition_after_the_texts_before_it(
    publisher: Publisher, topics: Topics, texts_topic: Look, settings: Settings
) -> None:
    sent = send_texts([*some(20), Punctuation(NOW)], publisher, topics, SystemClock())
    last = {record.partition: record for record in texts_topic()}
    assert sent.punctuations == 1
    for number in range(settings.kafka.partitions):
        assert (last[number].schema, last[number].key) == ("watermark/1", b"watermark")
        assert Watermark.from_wire(last[number].value) == Watermark(partition=number, of=len(last), time=NOW)


def test_a_text_that_comes_twice_is_sent_and_counted_as_a_duplicate(publisher: Publisher, topics: Topics) -> None:
    sent = send_texts(some(3) * 2, publisher, topics, SystemClock())
    assert (sent.texts, sent.duplicates) == (6, 3)


def test_ctrl_c_sends_what_was_read_and_says_so(publisher: Publisher, topics: Topics, texts_topic: Look) -> None:
    def until_interrupted() -> Iterator[Text]:
        yield from some(5)
        raise KeyboardInterrupt

    sent = send_texts(until_interrupted(), publisher, topics, SystemClock())
    assert (sent.texts, sent.interrupted, len(texts_topic())) == (5, True, 5)


def test_a_long_pause_begins_only_after_what_came_before_is_acknowledged(publisher: Publisher, topics: Topics) -> None:
    safe: list[int] = []
    seen_at_pause: list[int] = []
    send_texts(
        [*some(4), Pause(60.0)],
        publisher,
        topics,
        ManualClock(NOW),
        acknowledged=safe.append,
        sleep=lambda _seconds: seen_at_pause.extend(safe),
    )
    assert seen_at_pause == [4]


@pytest.fixture
def hasty(settings: Settings) -> Iterator[Publisher]:
    """A publisher that takes two seconds without an acknowledgement for a failure."""
    loop = LoopSettings(delivery_timeout=2.0)
    kafka = settings.kafka.model_copy(update={"connect_timeout": 2.0})
    ensure_topics(settings)
    made = Publisher(settings.model_copy(update={"loop": loop, "kafka": kafka}), "hasty")
    yield made
    made.close()


def test_a_broker_that_goes_away_in_the_middle_loses_nothing(
    hasty: Publisher, topics: Topics, texts_topic: Look, kafka: LocalKafka
) -> None:
    texts = some(3000)
    lines: list[str] = []
    again = threading.Thread(target=kafka.start)

    def with_an_outage() -> Iterator[Text]:
        yield from texts[:1500]
        kafka.kill()
        yield from texts[1500:]

    def start_at_the_first(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            again.start()

    sent = send_texts(with_an_outage(), hasty, topics, SystemClock(), window=1000, say=start_at_the_first)
    again.join()
    assert sent.texts == 3000
    assert ids(texts_topic()) == {text.id for text in texts}
    assert "nothing is lost" in lines[0]
    assert "Kafka is back" in lines[-1]


def test_a_broker_that_stays_away_ends_it_in_one_line(hasty: Publisher, topics: Topics, kafka: LocalKafka) -> None:
    kafka.kill()
    started = time.monotonic()
    with pytest.raises(FatalError, match="the same text counts once"):
        send_texts(some(1), hasty, topics, SystemClock(), patience=timedelta(seconds=1))
    assert time.monotonic() - started < 30


def test_only_the_newest_keys_are_remembered() -> None:
    recent = Recent(2)
    assert [recent.add(key) for key in ("a", "b", "a", "c", "b")] == [True, True, False, True, True]
    assert recent.keys() == ["c", "b"]

"""Texts placed in partitions and in event time as the stages would place them."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.backtest.record import TextRead
from consumers.backtest.stream import Stream, place
from consumers.converger.events import Event
from groundswell.kafka import partition_of
from groundswell.messages import Subject
from groundswell.punctuation import final_watermark
from groundswell.settings import ConvergerSettings, KafkaSettings, Settings

MakeRead = Callable[..., TextRead]
START = 28_000_020
HOUR = 3600
SETTINGS = Settings(kafka=KafkaSettings(partitions=3))


def events(stream: Stream) -> list[tuple[int, Event]]:
    return [(minute, event) for one in stream.partitions for minute, found in sorted(one.items()) for event in found]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["acme", "brook", "cedar", None]), min_size=1, max_size=12))
def test_what_is_read_of_one_entity_meets_in_the_partition_of_its_key(
    text_read: MakeRead, entities: Sequence[str | None]
) -> None:
    texts = [text_read(n, n, subject=Subject(topic="fraud", entity=entity)) for n, entity in enumerate(entities)]
    for number, found in enumerate(place(texts, SETTINGS).partitions):
        for event in (one for some in found.values() for one in some):
            named = next((name[2:] for name in event.subjects if name.startswith("*/")), "topic:fraud")
            assert partition_of(named.encode(), 3) == number


def test_a_text_sent_again_counts_once(text_read: MakeRead) -> None:
    stream = place([text_read(1, 0), text_read(2, 30), text_read(1, 0)], SETTINGS)
    assert sorted(event.text_id for _, event in events(stream)) == ["t1", "t2"]
    assert stream.texts == 3


def test_two_readings_of_one_text_count_once_for_the_entity(text_read: MakeRead) -> None:
    one = text_read(1, 0)
    other = one.hypotheses[0].model_copy(update={"subject": Subject(topic="fraud", entity="acme"), "rank": 2})
    stream = place([one.model_copy(update={"hypotheses": (*one.hypotheses, other)})], SETTINGS)
    assert [event.subjects for _, event in events(stream)] == [("liquidity/acme", "*/acme"), ("fraud/acme",)]


def test_a_late_text_is_closed_behind_the_watermark_in_its_own_minute(text_read: MakeRead) -> None:
    punctual = [text_read(number, number * 600) for number in range(13)]
    stream = place([*punctual, text_read(99, 0)], SETTINGS)
    (closed,) = [(minute, event.minute) for minute, event in events(stream) if event.text_id == "t99"]
    assert closed == (START + 119, START)


def test_what_comes_after_its_bucket_is_gone_is_counted_as_late(text_read: MakeRead) -> None:
    settings = SETTINGS.model_copy(update={"converger": ConvergerSettings(late_hours=7)})
    punctual = [text_read(number, number * HOUR / 2) for number in range(24)]
    stream = place([*punctual, text_read(99, 0), text_read(98, 6 * HOUR)], settings)
    assert (stream.late, len(events(stream))) == (1, 25)


def test_all_is_closed_once_alerts_had_the_time_to_resolve(text_read: MakeRead) -> None:
    stream = place([text_read(1, 0), text_read(2, HOUR)], SETTINGS)
    assert stream.target == final_watermark(stream.last, SETTINGS.converger).timestamp() // 60
    assert stream.target > START + 60 + 360 + SETTINGS.converger.resolve_minutes
    assert stream.days == pytest.approx(1 / 24)


def test_texts_without_a_reading_are_counted(text_read: MakeRead) -> None:
    unread = text_read(1, 0).model_copy(update={"hypotheses": ()})
    stream = place([unread], SETTINGS)
    assert (stream.texts, stream.unread, events(stream), stream.entities) == (1, 1, [], set())

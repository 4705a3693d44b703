"""The converger over a real Valkey: once each, whatever crashes, and nobody writes who does not own."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from consumers.converger.stage import Converger
from consumers.headers import ENTITIES_HEADER, OBSERVED_HEADER, WORDS_HEADER
from groundswell.errors import FencedError
from groundswell.kafka import Output, Record
from groundswell.messages import AlertState, Message, Watermark

START = 28_000_020 * 60
HOUR = 3600

Line = Callable[..., list[Record]]
Mark = Callable[..., Watermark]


def ingest_only(stage: Converger, batch: list[Record]) -> bool:
    """A crash between ingest and close."""
    stage._take_in(stage._held[0], batch, [])
    return True


def without_acknowledgement(stage: Converger, batch: list[Record]) -> bool:
    """A crash between close and the word that Kafka has the alerts."""
    stage.process(batch, {})
    return True


def test_a_surge_is_told_as_pending_firing_and_resolved(stored: Any, surge: list[Message], line: Line, drive: Any) -> None:
    run = drive(stored, line(surge))
    states = [alert.state for alert in run.alerts]
    assert list(dict.fromkeys(states)) == [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED]
    assert len(run.once()) == len(run.alerts)


def test_the_same_hypothesis_three_times_counts_once(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    again = [hypothesis_of(1, START)] * 2
    drive(stored, line([hypothesis_of(1, START), mark(HOUR), *again, mark(2 * HOUR)]), size=1)
    assert {name: trend.texts for name, trend in stored.trends().items()} == {"liquidity/acme": 1, "*/acme": 1}


def test_two_topics_of_one_text_count_once_for_its_entity(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    readings = [hypothesis_of(1, START, subject={"topic": topic, "entity": "acme"}) for topic in ("liquidity", "policy")]
    drive(stored, line([*readings, mark(HOUR)]))
    texts = {name: trend.texts for name, trend in stored.trends().items()}
    assert texts == {"liquidity/acme": 1, "policy/acme": 1, "*/acme": 1}


@pytest.mark.parametrize("crash", [ingest_only, without_acknowledgement])
@pytest.mark.parametrize("size", [3, 7, 60])
def test_a_crash_in_every_batch_changes_neither_trends_nor_alerts(
    stored: Any, other: Any, surge: list[Message], line: Line, drive: Any, crash: Any, size: int
) -> None:
    calm = drive(other, line(surge), size=size)
    run = drive(stored, line(surge), size=size, crash=crash)
    assert stored.trends() == other.trends()
    assert run.once() == calm.once()
    assert stored.client.llen(stored.converger()._state.claim(0).keys.outbox) == 0


def test_batches_of_any_size_come_to_the_same(stored: Any, other: Any, surge: list[Message], line: Line, drive: Any) -> None:
    one, all_at_once = drive(stored, line(surge), size=1), drive(other, line(surge), size=1000)
    assert stored.trends() == other.trends()
    assert one.once() == all_at_once.once()


def test_a_restart_keeps_since_when_a_subject_is_known_and_when_it_last_spoke(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    drive(stored, line([hypothesis_of(1, START), hypothesis_of(2, START + 3 * HOUR + 240), mark(5 * HOUR)]))
    stage = stored.converger()
    stage.open(0)
    memory = stage._held[0].partition.subjects["*/acme"]
    assert (memory.trend.first, memory.trend.latest) == (START // HOUR, START // 60 + 184)
    assert memory.baseline("texts", START // 60 + 300).hours == pytest.approx(5, rel=0.1)


def test_an_owner_that_was_replaced_is_refused(stored: Any, surge: list[Message], line: Line) -> None:
    records = line(surge)
    old, new = stored.converger(), stored.converger()
    old.open(0)
    old.process(records[:4], {})
    new.open(0)
    with pytest.raises(FencedError):
        old.process(records[4:8], {})
    new.process(records[4:8], {})
    assert new.open(0) == 8


def test_a_store_that_lost_its_last_second_is_noticed_and_read_to_again(
    stored: Any, other: Any, surge: list[Message], line: Line, drive: Any
) -> None:
    records = line(surge)
    calm = drive(other, records, size=50)
    saved: dict[bytes, bytes] = {}

    def lose(stage: Converger, batch: list[Record]) -> bool:
        """Right after the surge, put the store back to what it was before this batch."""
        if saved or batch[0].offset < 100:
            return False
        saved.update({key: stored.client.dump(key) for key in stored.all_keys()})
        stage.process(batch, {})
        for key in stored.all_keys():
            stored.client.delete(key)
        for key, value in saved.items():
            stored.client.restore(key, 3_600_000, value)
        return False  # the same owner goes on, and finds out

    run = drive(stored, records, size=50, crash=lose)
    assert run.fenced == 1
    assert stored.trends() == other.trends()
    assert run.once() == calm.once()


def test_a_text_far_too_late_goes_to_the_late_topic_and_into_no_trend(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    late = hypothesis_of(2, START)
    output = Output.of("hypotheses", "acme", late, {OBSERVED_HEADER: b"%d" % (START + 27 * HOUR)})
    record = Record(output.topic, 0, 1, output.key, output.value, 0, output.headers)
    records = [*line([hypothesis_of(1, START + 27 * HOUR)]), record, *line([mark(28 * HOUR)], first=2)]
    run = drive(stored, records)
    assert run.late == [late]
    assert stored.trends()["*/acme"].texts == 1


def test_a_text_sent_again_after_its_hour_was_forgotten_does_not_count_twice(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    old = hypothesis_of(1, START)
    run = drive(stored, line([old, hypothesis_of(2, START + 48 * HOUR), mark(48 * HOUR + 60), old, mark(50 * HOUR)]), size=1)
    assert run.late == [old]
    assert stored.trends()["*/acme"].texts == 2


def test_a_text_a_day_late_counts_in_the_hour_of_its_publication(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    drive(stored, line([hypothesis_of(1, START + 24 * HOUR), mark(24.5 * HOUR), hypothesis_of(2, START), mark(26 * HOUR)]), 1)
    assert sorted(stored.trends()["*/acme"].hours) == [START // HOUR, START // HOUR + 24]


def test_no_minute_closes_before_every_partition_of_texts_has_passed_it(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    records = line([hypothesis_of(1, START), mark(HOUR, 0, 2), mark(30, 1, 2), mark(HOUR, 1, 2)])
    drive(stored, records[:3])
    assert not stored.trends()
    drive(stored, records)
    assert stored.trends()["*/acme"].texts == 1


def test_poison_is_told_and_takes_no_good_record_with_it(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, as_record: Any
) -> None:
    good = line([hypothesis_of(1, START), mark(HOUR)])
    schema = dict(good[0].headers)
    bad = [
        Record("hypotheses", 0, 1, b"k", b"\xff{oops", 0, schema),
        Record("hypotheses", 0, 2, b"k", None, 0, {}),
        Record("hypotheses", 0, 3, b"k", good[0].value, 0, {**schema, OBSERVED_HEADER: b"soon"}),
        Record("hypotheses", 0, 4, b"k", good[0].value, 0, {**schema, WORDS_HEADER: b"["}),
        Record("hypotheses", 0, 5, b"k", good[0].value, 0, {**schema, WORDS_HEADER: b"1"}),
        Record("hypotheses", 0, 6, b"k", good[0].value, 0, {**schema, OBSERVED_HEADER: b"nan"}),
        Record("hypotheses", 0, 7, b"k", good[0].value, 0, {**schema, ENTITIES_HEADER: b"{}"}),
    ]
    stage = stored.converger()
    stage.open(0)
    last = as_record(Output.of("hypotheses", "acme", mark(HOUR)), 8)
    result = stage.process([good[0], *bad, last], {})
    assert [failure.record.offset for failure in result.failures] == [1, 2, 3, 4, 5, 6, 7]
    assert stored.trends()["*/acme"].texts == 1


def test_a_cluster_comes_to_the_same_as_one_server(
    clustered: Any, other: Any, surge: list[Message], line: Line, drive: Any
) -> None:
    calm, run = drive(other, line(surge)), drive(clustered, line(surge), crash=without_acknowledgement)
    assert clustered.trends() == other.trends()
    assert run.once() == calm.once()


@pytest.fixture
def thirty_days(hypothesis_of: Any, mark: Mark) -> list[Message]:
    """A text an hour on each of two entities, so four subjects, for thirty days, with a watermark a day."""
    messages: list[Message] = []
    random = Random(7)  # noqa: S311
    for hour in range(30 * 24):
        at = hour * HOUR
        for number in range(2):
            subject = {"topic": "liquidity", "entity": f"firm{number}"}
            negative = round(random.random(), 3)
            stance = {"negative": negative, "neutral": 1 - negative, "positive": 0}
            at_random = START + at + random.randrange(HOUR)
            messages.append(hypothesis_of(hour * 2 + number, at_random, subject=subject, stance=stance))
        if hour % 24 == 23:
            messages.append(mark(at))
    return messages


def test_thirty_days_of_500_subjects_take_under_four_megabytes_and_what_no_window_can_reach_leaves(
    stored: Any, thirty_days: list[Message], line: Line, drive: Any
) -> None:
    """Four subjects are measured and stand for 500: all that grows with them is counted 125 times."""
    drive(stored, line(thirty_days), size=121)
    used = sum(stored.client.memory_usage(key, samples=0) for key in stored.all_keys())
    assert used * 125 < 4 * 1024 * 1024
    names = [key.decode().partition("}:")[2].partition(":")[0] for key in stored.all_keys()]
    assert names.count("seen") <= 24 + 26 + 2 + 1
    assert names.count("minute") <= 2 * (24 + 7 + 1)
    assert names.count("trend") == 4

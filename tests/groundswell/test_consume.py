"""The consume loop with the real broker: nothing lost, nothing twice, whatever the stage and the group do."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kafka import TopicPartition
from prometheus_client import REGISTRY

from groundswell import kafka as clients
from groundswell.clock import Clock, ManualClock, SystemClock
from groundswell.consume import STUCK_SECONDS, ConsumeLoop
from groundswell.errors import FatalError, FencedError, RetryableError
from groundswell.kafka import Output, Publisher, Record, Topics
from groundswell.local import LocalKafka
from groundswell.messages import DeadLetter, Text
from groundswell.settings import LoopSettings, Settings
from groundswell.stage import Result, Stage

Eventually = Callable[[Callable[[], bool]], bool]


class Echo:
    """Sends each record on to the late topic once ``work`` is done with it, and keeps what it saw."""

    name = "echo"

    def __init__(self, settings: Settings, work: Callable[[Record], None] | None = None) -> None:
        self.topics = Topics(settings.kafka.topic_prefix)
        self.topic = self.topics.texts
        self.work = work
        self.starts: dict[int, int] = {}
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.batches: list[list[int]] = []
        self.seen: list[tuple[int, int]] = []
        self.notes: list[dict[int, str]] = []
        self.idle: list[dict[int, float]] = []

    def open(self, partition: int) -> int | None:
        self.opened.append(partition)
        return self.starts.get(partition)

    def close(self, partition: int) -> None:
        self.closed.append(partition)

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the protocol's names
        self.idle.append(dict(idle))
        return Result()

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
        self.batches.append([record.offset for record in batch])
        self.notes.append(dict(notes))
        for record in batch:
            if self.work:
                self.work(record)
        self.seen += [(record.partition, record.offset) for record in batch]
        outputs = [Output(self.topics.late, record.key or b"", record.value or b"") for record in batch]
        return Result(outputs, notes={record.partition: f"read {record.offset}" for record in batch})


@dataclass
class Running:
    """A loop on a thread of its own."""

    loop: ConsumeLoop
    ended: list[BaseException | None] = field(default_factory=list)

    def run(self) -> None:
        try:
            self.loop.run(signals=False)
            self.ended.append(None)
        except FatalError as error:
            self.ended.append(error)


@contextmanager
def running(settings: Settings, stage: Stage, clock: Clock | None = None, member: str | None = None) -> Iterator[Running]:
    run = Running(ConsumeLoop(settings, stage, clock, member))
    thread = threading.Thread(target=run.run)
    thread.start()
    try:
        yield run
    finally:
        run.loop.stop()
        thread.join(15)
        assert not thread.is_alive()


@pytest.fixture
def topics(settings: Settings) -> Topics:
    clients.ensure_topics(settings)
    return Topics(settings.kafka.topic_prefix)


@pytest.fixture
def produce(settings: Settings, topics: Topics) -> Iterator[Callable[..., None]]:
    publisher = Publisher(settings, "test")

    def send(*values: bytes, partition: int = 0) -> None:
        publisher.publish([Output(topics.texts, b"key", value, partition=partition) for value in values])

    yield send
    publisher.close()


def tuned(settings: Settings, **loop: Any) -> Settings:
    """``settings`` with a loop in a hurry."""
    return settings.model_copy(update={"loop": LoopSettings(**{"commit_interval": 0.1, "session_timeout": 3.0, **loop})})


def read(settings: Settings, topic: str) -> list[bytes]:
    """All values of a topic of one partition."""
    reader, partition = clients.consumer(settings, None), TopicPartition(topic, 0)
    reader.assign([partition])
    reader.seek_to_beginning(partition)
    end, found = reader.end_offsets([partition])[partition], []
    while reader.position(partition) < end:
        found += [one.value for records in reader.poll(timeout_ms=100).values() for one in records]
    reader.close()
    return found


def committed(settings: Settings, stage: str, partition: int = 0) -> int | None:
    asker = clients.consumer(settings, f"{settings.kafka.topic_prefix}.{stage}")
    offset: int | None = asker.committed(TopicPartition(Topics(settings.kafka.topic_prefix).texts, partition))
    asker.close()
    return offset


def numbers(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def parse(record: Record) -> None:
    Text.from_wire(record.value)


def wait_at(gate: threading.Event | None) -> None:
    if gate:
        gate.wait(20)


def text(words: str) -> bytes:
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    return Text(text=words, source="wire", published_at=now, ingested_at=now).to_wire()


def test_work_longer_than_the_poll_interval_loses_no_partition(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    produce(*numbers(3))
    stage = Echo(settings, lambda record: time.sleep(10) if record.offset == 0 else None)
    chosen = tuned(settings, max_poll_interval=3.0)
    with running(chosen, stage):
        assert eventually(lambda: len(stage.seen) == 3)
        assert eventually(lambda: len(read(settings, topics.late)) == 3)
        assert sorted(stage.opened) == [0, 1]
        assert stage.closed == []
    assert len(stage.seen) == 3
    assert committed(settings, "echo") == 3


def test_partitions_paused_over_a_rebalance_are_resumed(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    for partition in (0, 1):
        produce(*numbers(60), partition=partition)
    chosen = tuned(settings, prefetch_records=4, batch_records=1)
    first, second = Echo(settings, lambda _: time.sleep(0.02)), Echo(settings, lambda _: time.sleep(0.02))
    with running(chosen, first) as run:
        assert eventually(lambda: len(run.loop.consumer.paused()) == 2)
        with running(chosen, second):
            assert eventually(lambda: len(second.seen) > 3)
        assert eventually(lambda: len({*first.seen, *second.seen}) == 120)
    assert len(set(first.seen + second.seen)) == 120
    assert len(read(settings, topics.late)) >= 120  # a hand-over whose commit Kafka refuses is read again


def test_a_stage_that_stands_still_while_records_wait_is_unhealthy(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    gate, clock = threading.Event(), ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    stage = Echo(settings, lambda _: wait_at(gate))
    with running(tuned(settings), stage, clock) as run:
        produce(b"one")
        assert eventually(lambda: "progress" in run.loop.healthy()[1])
        assert run.loop.healthy()[0]
        clock.advance(timedelta(seconds=STUCK_SECONDS + 1))
        assert eventually(lambda: run.loop.healthy() == (False, "no progress for 121 s while records wait"))
        gate.set()
        assert eventually(lambda: run.loop.healthy()[0])


@pytest.mark.usefixtures("topics")
def test_a_stage_that_does_not_come_to_poll_is_unhealthy(settings: Settings, eventually: Eventually) -> None:
    gate, clock = threading.Event(), ManualClock(datetime(2026, 3, 2, tzinfo=UTC))

    class Slow(Echo):
        def open(self, partition: int) -> int | None:
            super().open(partition)
            gate.wait(20)
            return None

    stage = Slow(settings)
    with running(tuned(settings), stage, clock) as run:
        assert eventually(lambda: bool(stage.opened))
        clock.advance(timedelta(seconds=STUCK_SECONDS + 1))
        assert run.loop.healthy() == (False, "no poll for 121 s")
        gate.set()
        assert eventually(lambda: run.loop.healthy()[0])


def test_an_idle_stage_is_healthy(settings: Settings, produce: Callable[..., None], eventually: Eventually) -> None:
    clock, stage = ManualClock(datetime(2026, 3, 2, tzinfo=UTC)), Echo(settings)
    with running(tuned(settings), stage, clock) as run:
        produce(b"one")
        assert eventually(lambda: bool(stage.seen) and run.loop.healthy() == (True, "nothing waits"))
        clock.advance(timedelta(hours=16))
        assert eventually(lambda: run.loop.healthy() == (True, "nothing waits"))


def test_poison_goes_to_deadletters_and_the_good_records_around_it_are_processed(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    poison = [b"\xff{oops", b"null", b"[1, 2]", b'{"source": "wire"}', json.dumps({"text": "x" * 2_000_000}).encode()]
    produce(text("first"), *poison, text("last"))
    stage = Echo(settings, parse)
    with running(tuned(settings), stage):
        assert eventually(lambda: committed(settings, "echo") == 7)
    assert [Text.from_wire(value).text for value in read(settings, topics.late)] == ["first", "last"]
    letters = [DeadLetter.from_wire(value) for value in read(settings, topics.deadletters)]
    assert [(one.topic, one.partition, one.offset) for one in letters] == [(topics.texts, 0, at) for at in range(1, 6)]
    assert [one.reason.partition(":")[0] for one in letters] == ["not JSON in UTF-8", *["not a text/1"] * 4]
    assert letters[4].value_bytes == len(poison[4])


def test_an_error_of_the_stage_over_one_record_takes_no_other_with_it(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    def fail_at_four(record: Record) -> None:
        if record.value == b"4":
            raise IndexError("list index out of range")

    produce(*numbers(9))
    stage = Echo(settings, fail_at_four)
    with running(tuned(settings), stage):
        assert eventually(lambda: committed(settings, "echo") == 9)
    assert [value for value in numbers(9) if value != b"4"] == read(settings, topics.late)
    (letter,) = [DeadLetter.from_wire(value) for value in read(settings, topics.deadletters)]
    assert (letter.offset, letter.reason) == (4, "IndexError: list index out of range")


def test_an_output_that_kafka_cannot_take_sends_only_its_own_record_to_deadletters(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    class Inflating(Echo):
        def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
            result = super().process(batch, notes)
            big = [Output(topics.late, b"", b"x" * 5_000_000) for record in batch if record.value == b"1"]
            return Result([*result.outputs, *big], notes=result.notes)

    produce(*numbers(3))
    stage = Inflating(settings)
    with running(tuned(settings), stage):
        assert eventually(lambda: committed(settings, "echo") == 3)
    assert read(settings, topics.late) == [b"0", b"2"]
    (letter,) = [DeadLetter.from_wire(value) for value in read(settings, topics.deadletters)]
    assert letter.offset == 1
    assert "over the limit" in letter.reason


def test_a_flood_of_deadletters_stops_the_stage_with_its_reason(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    produce(*numbers(40))
    stage = Echo(settings, parse)
    with running(tuned(settings, breaker_run=10, batch_records=10), stage) as run:
        assert eventually(lambda: bool(run.ended))
    assert "echo stopped: 10 records in a row failed, the last with: not a text/1" in str(run.ended[0])
    assert committed(settings, "echo") == 10


def test_a_batch_in_flight_when_its_partition_is_taken_is_neither_lost_nor_done_twice(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    gates = {b"hold": threading.Event(), b"4": threading.Event()}
    first = Echo(settings, lambda record: wait_at(gates.get(record.value or b"")))
    second = Echo(settings)
    chosen = tuned(settings, batch_records=2)
    with running(chosen, first) as run:
        produce(b"hold")
        assert eventually(lambda: bool(first.batches))
        for partition in (0, 1):
            produce(*numbers(7, first=1), partition=partition)
        assert eventually(lambda: run.loop.prefetch.waiting == 14)
        gates[b"hold"].set()
        assert eventually(lambda: len(first.batches) == 5)  # 1, 2 and 3 are done, 4 is in flight in both partitions
        with running(chosen, second):
            assert eventually(lambda: run.loop.prefetch.waiting == 3)  # one partition is being handed over
            gates[b"4"].set()
            assert eventually(lambda: len(first.seen) + len(second.seen) >= 15)
    assert [offset for _, offset in second.seen][:1] in ([4], [5])
    assert len(first.seen) + len(second.seen) == len(set(first.seen + second.seen)) == 15
    assert sorted(read(settings, topics.late)) == sorted([b"hold", *numbers(7, first=1) * 2])


def test_lag_is_told_in_records_and_seconds_and_goes_with_its_partition(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    def series(metric: str, partition: int) -> float | None:
        return REGISTRY.get_sample_value(f"groundswell_{metric}", {"stage": "lagging", "partition": str(partition)})

    gate, clock = threading.Event(), ManualClock(SystemClock().now())
    stage = Echo(settings, lambda _: wait_at(gate))
    stage.name = "lagging"
    for partition in (0, 1):
        produce(*numbers(5), partition=partition)
    clock.advance(timedelta(seconds=100))
    with running(tuned(settings), stage, clock):
        assert eventually(lambda: all(series("lag_records", number) == 5 for number in (0, 1)))
        assert eventually(lambda: all(90 < (series("lag_seconds", number) or 0) < 110 for number in (0, 1)))
        gate.set()
        assert eventually(lambda: all(series("lag_records", number) == 0 for number in (0, 1)))
        assert eventually(lambda: all(series("lag_seconds", number) == 0 for number in (0, 1)))
        other = clients.consumer(settings, f"{settings.kafka.topic_prefix}.lagging")
        clients.subscribe(other, stage.topic)
        assert eventually(lambda: not other.poll(timeout_ms=50) and len(other.assignment()) == 1)
        (taken,) = [one.partition for one in other.assignment()]
        time.sleep(0.5)
        assert series("lag_records", taken) is None
        assert series("lag_seconds", taken) is None
        assert series("lag_records", 1 - taken) == 0
        other.close()
    assert series("lag_records", 1 - taken) is None


def test_a_passing_fault_is_tried_again_with_the_same_batch(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    faults = [RetryableError("away"), RetryableError("still away")]

    def work(_: Record) -> None:
        if faults:
            raise faults.pop()

    produce(*numbers(5))
    stage = Echo(settings, work)
    with running(tuned(settings), stage):
        assert eventually(lambda: len(stage.seen) == 5)
    assert stage.batches[0] == stage.batches[1] == stage.batches[2]
    assert read(settings, topics.late) == numbers(5)


def test_a_fenced_partition_is_opened_anew_where_the_stage_says(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    def work(record: Record) -> None:
        if record.offset == 6 and 0 not in stage.starts:
            stage.starts[0] = 3
            raise FencedError("another has it", 0)

    produce(*numbers(10))
    stage = Echo(settings, work)
    with running(tuned(settings, batch_records=2), stage):
        assert eventually(lambda: (0, 9) in stage.seen)
    assert stage.opened.count(0) == 2
    offsets = [offset for _, offset in stage.seen]
    assert offsets == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 9]
    assert committed(settings, "echo") == 10


def test_what_comes_after_is_sent_only_once_the_outputs_are_acknowledged(
    settings: Settings, topics: Topics, produce: Callable[..., None], eventually: Eventually
) -> None:
    class Hasty(Echo):
        def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
            super().process(batch, notes)
            return Result([Output(f"{topics.late}.missing", b"", b"never")], [Output(topics.late, b"", b"after")])

    produce(b"one")
    stage = Hasty(settings)
    hurried = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"connect_timeout": 1.0})})
    with running(tuned(hurried), stage):
        assert eventually(lambda: len(stage.batches) >= 2)
    assert read(settings, topics.late) == []
    assert committed(settings, "echo") is None


def test_notes_come_back_after_a_restart(settings: Settings, produce: Callable[..., None], eventually: Eventually) -> None:
    produce(*numbers(4))
    before, after = Echo(settings), Echo(settings)
    with running(tuned(settings), before):
        assert eventually(lambda: len(before.seen) == 4)
    produce(b"4")
    with running(tuned(settings), after):
        assert eventually(lambda: len(after.seen) == 1)
    assert after.seen == [(0, 4)]
    assert after.notes[0][0] == "read 3"


def test_a_quiet_partition_is_told_as_idle_while_another_is_busy(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    produce(*numbers(1000), partition=0)
    stage = Echo(settings, lambda _: time.sleep(0.01))
    with running(tuned(settings, batch_records=16), stage):
        assert eventually(lambda: any(idle.get(1, 0.0) > 1 for idle in stage.idle))
        assert len(stage.seen) < 1000
        assert all(0 not in idle for idle in stage.idle if idle.get(1, 0.0) > 1)


def test_a_record_that_was_damaged_on_the_disk_is_passed_over(
    settings: Settings, topics: Topics, kafka: LocalKafka, produce: Callable[..., None], eventually: Eventually
) -> None:
    for value in (b"first", b"damaged", b"last"):
        produce(value)
    segment = kafka.folder / "records" / f"{topics.texts}-0" / "00000000000000000000.log"
    with segment.open("r+b") as file:
        file.seek(segment.read_bytes().index(b"damaged"))
        file.write(b"DAMAGED")
    stage = Echo(settings)
    with running(tuned(settings), stage):
        assert eventually(lambda: committed(settings, "echo") == 3)
    assert read(settings, topics.late) == [b"first", b"last"]


def test_a_topic_made_anew_under_old_offsets_stops_the_stage_in_one_line(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    produce(b"one")
    stage = Echo(settings)
    stage.starts[0] = 50
    with running(tuned(settings), stage) as run:
        assert eventually(lambda: bool(run.ended))
    assert "ends at 1, but echo had read to 50" in str(run.ended[0])


def test_a_second_process_under_the_same_member_name_stops_the_first(
    settings: Settings, produce: Callable[..., None], eventually: Eventually
) -> None:
    first, second = Echo(settings, lambda _: time.sleep(0.05)), Echo(settings)
    produce(*numbers(200))
    with running(tuned(settings, batch_records=1), first, member="one") as run:
        assert eventually(lambda: bool(first.seen))
        with running(tuned(settings), second, member="one"):
            assert eventually(lambda: bool(run.ended))
            assert "another process runs under the same member name" in str(run.ended[0])

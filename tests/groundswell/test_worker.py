"""The working half of the loop: results delivered, failures told apart, with the real broker behind the publisher."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from kafka import TopicPartition

from groundswell import kafka
from groundswell.clock import SystemClock
from groundswell.errors import FatalError, RetryableError
from groundswell.kafka import Output, Publisher, Record, Topics, ensure_topics
from groundswell.messages import DeadLetter
from groundswell.offsets import Prefetch, Progress
from groundswell.settings import Settings
from groundswell.stage import Failure, Result
from groundswell.worker import KEPT_BYTES, Worker

Eventually = Callable[[Callable[[], bool]], bool]
Work = Callable[[Sequence[Record]], Result]


@dataclass
class Scripted:
    """A stage whose answers the test gives."""

    work: Work
    ticks: list[Result] = field(default_factory=list)
    name: str = "scripted"
    topic: str = "texts"

    def open(self, partition: int) -> int | None:  # noqa: ARG002 - the protocol's names
        return None

    def close(self, partition: int) -> None:
        """Keeps nothing."""

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:  # noqa: ARG002
        return self.work(batch)

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:  # noqa: ARG002
        return self.ticks.pop() if self.ticks else Result()


@dataclass
class Bench:
    """What a worker needs around it."""

    settings: Settings
    topics: Topics
    publisher: Publisher
    prefetch: Prefetch

    @contextmanager
    def working(self, stage: Scripted) -> Iterator[Worker]:
        stopping = threading.Event()
        worker = Worker(
            stage=stage,
            prefetch=self.prefetch,
            publisher=self.publisher,
            topics=self.topics,
            settings=self.settings.loop,
            clock=SystemClock(),
            idle=dict,
            reopen=lambda _: None,
            stopping=stopping,
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            stopping.set()
            thread.join(10)
            assert not thread.is_alive()

    def late(self, value: bytes) -> Output:
        return Output(self.topics.late, b"", value)

    def read(self, topic: str) -> list[bytes]:
        reader, partition = kafka.consumer(self.settings, None), TopicPartition(topic, 0)
        reader.assign([partition])
        reader.seek_to_beginning(partition)
        end, found = reader.end_offsets([partition])[partition], []
        while reader.position(partition) < end:
            found += [one.value for records in reader.poll(timeout_ms=100).values() for one in records]
        reader.close()
        return found


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    ensure_topics(settings)
    publisher, prefetch = Publisher(settings, "test"), Prefetch(100)
    prefetch.assign(0)
    yield Bench(settings, Topics(settings.kafka.topic_prefix), publisher, prefetch)
    publisher.close()


def record(offset: int, value: bytes = b"value", key: bytes = b"key", partition: int = 0) -> Record:
    return Record("texts", partition, offset, key, value, 1_000, {"schema": b"text/1", "odd": b"\xff"})


def test_failures_that_the_stage_reports_go_to_deadletters_beside_its_outputs(bench: Bench, eventually: Eventually) -> None:
    def work(batch: Sequence[Record]) -> Result:
        bad = [Failure(one, "no text in it") for one in batch if one.offset == 1]
        return Result([bench.late(b"%d" % one.offset) for one in batch if one.offset != 1], failures=bad)

    with bench.working(Scripted(work)):
        bench.prefetch.put(record(offset) for offset in range(3))
        assert eventually(lambda: bench.prefetch.committable() == {0: Progress(3, "")})
    assert bench.read(bench.topics.late) == [b"0", b"2"]
    (letter,) = [DeadLetter.from_wire(value) for value in bench.read(bench.topics.deadletters)]
    assert (letter.stage, letter.topic, letter.partition, letter.offset) == ("scripted", "texts", 0, 1)
    assert letter.reason == "no text in it"
    assert letter.headers == {"schema": "text/1", "odd": "\ufffd"}
    assert base64.b64decode(letter.value_base64 or "") == b"value"


def test_a_dead_letter_keeps_the_head_of_a_record_of_any_size(bench: Bench, eventually: Eventually) -> None:
    huge = record(0, value=b"v" * 4_000_000, key=b"k" * 4_000_000)
    with bench.working(Scripted(lambda batch: Result(failures=[Failure(one, "x" * 9000) for one in batch]))):
        bench.prefetch.put([huge])
        assert eventually(lambda: bench.prefetch.committable() != {})
    (letter,) = [DeadLetter.from_wire(value) for value in bench.read(bench.topics.deadletters)]
    assert letter.value_bytes == 4_000_000
    assert base64.b64decode(letter.value_base64 or "") == b"v" * KEPT_BYTES
    assert base64.b64decode(letter.key_base64 or "") == b"k" * KEPT_BYTES
    assert letter.reason == "x" * 1000


def test_acknowledged_is_called_when_outputs_and_what_comes_after_stand_in_kafka(bench: Bench, eventually: Eventually) -> None:
    found: list[bytes] = []

    def work(_: Sequence[Record]) -> Result:
        late = bench.topics.late
        return Result([bench.late(b"out")], [bench.late(b"after")], acknowledged=lambda: found.extend(bench.read(late)))

    with bench.working(Scripted(work)):
        bench.prefetch.put([record(0)])
        assert eventually(lambda: bench.prefetch.committable() != {})
    assert found == [b"out", b"after"]


def test_an_output_of_a_tick_that_is_too_large_is_dropped_alone(bench: Bench, eventually: Eventually) -> None:
    stage = Scripted(lambda _: Result(), [Result([bench.late(b"x" * 5_000_000), bench.late(b"small")])])
    with bench.working(stage) as worker:
        assert eventually(lambda: bench.read(bench.topics.late) == [b"small"])
        assert worker.failure is None


def test_a_fatal_error_of_the_stage_ends_the_work_and_commits_nothing(bench: Bench, eventually: Eventually) -> None:
    def work(_: Sequence[Record]) -> Result:
        raise FatalError("the pack is gone: install it")

    with bench.working(Scripted(work)) as worker:
        bench.prefetch.put([record(0)])
        assert eventually(lambda: worker.failure is not None)
        assert str(worker.failure) == "the pack is gone: install it"
    assert bench.prefetch.committable() == {}


def test_a_batch_that_is_tried_again_leaves_out_what_was_taken_away_meanwhile(bench: Bench, eventually: Eventually) -> None:
    tried: list[list[int]] = []

    def work(batch: Sequence[Record]) -> Result:
        tried.append([one.partition for one in batch])
        if len(tried) == 1:
            bench.prefetch.remove([1])
            bench.prefetch.assign(1)
            raise RetryableError("away")
        return Result()

    bench.prefetch.assign(1)
    bench.prefetch.put([record(0), record(0, partition=1)])
    with bench.working(Scripted(work)):
        assert eventually(lambda: bench.prefetch.committable() == {0: Progress(1, "")})
    assert tried == [[0, 1], [0]]

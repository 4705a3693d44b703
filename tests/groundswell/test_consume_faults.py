"""The consume loop in a process of its own: signals, kills, and a broker that goes away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import TopicPartition

from groundswell import kafka as clients
from groundswell.kafka import Output, Publisher, Topics
from groundswell.local import LocalKafka
from groundswell.settings import LoopSettings, Settings
from groundswell.supervise import environment

Eventually = Callable[[Callable[[], bool]], bool]

STAGE = """
import sys, time
from groundswell.consume import ConsumeLoop
from groundswell.errors import RetryableError
from groundswell.kafka import Output, Topics
from groundswell.settings import load
from groundswell.stage import Result

def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")  # at once: two threads speak, and print() writes line ends apart
    sys.stdout.flush()

class Slow:
    def __init__(self, topics, seconds, name):
        self.topic, self.late, self.seconds, self.name = topics.texts, topics.late, seconds, name

    def open(self, partition):
        say("open", partition)

    def close(self, partition):
        pass

    def tick(self, idle, notes):
        return Result()

    def process(self, batch, notes):
        say("batch", [record.offset for record in batch])
        if self.seconds < 0:
            raise RetryableError("the store is away")
        time.sleep(self.seconds)
        return Result([Output(self.late, b"", record.value) for record in batch])

settings = load()
ConsumeLoop(settings, Slow(Topics(settings.kafka.topic_prefix), float(sys.argv[1]), sys.argv[2])).run()
say("ended")
"""
BACK_OFF = -1.0


@pytest.fixture
def hurried(settings: Settings) -> Settings:
    """Settings of one partition for a loop in a hurry, and its topics."""
    loop = LoopSettings(batch_records=5, session_timeout=1.5, commit_interval=0.1, delivery_timeout=10.0, retry_max=60.0)
    chosen = settings.model_copy(update={"loop": loop, "kafka": settings.kafka.model_copy(update={"partitions": 1})})
    clients.ensure_topics(chosen)
    return chosen


@contextmanager
def stage(settings: Settings, seconds: float, name: str = "slow") -> Iterator[subprocess.Popen[str]]:
    """A process whose stage takes ``seconds`` for each batch."""
    command = [sys.executable, "-c", STAGE, str(seconds), name]
    variables = {**os.environ, **environment(settings)}
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, text=True, cwd=root, env=variables, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def await_line(process: subprocess.Popen[str], start: str) -> None:
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        if line.startswith(start):
            return
        said.append(line)
    pytest.fail(f"the stage ended without {start!r}; it said {said[-5:]}")


def seconds_to_end(process: subprocess.Popen[str]) -> float:
    """Ask the process to end; how long that took. It must have ended by itself and well."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await_line(process, "ended")
    assert process.wait(10) == 0
    return time.monotonic() - started


def produce(settings: Settings, count: int) -> list[bytes]:
    values = [b"%d" % number for number in range(count)]
    publisher, topics = Publisher(settings, "test"), Topics(settings.kafka.topic_prefix)
    publisher.publish([Output(topics.texts, b"key", value) for value in values])
    publisher.close()
    return values


def outputs(settings: Settings) -> list[bytes]:
    partition = TopicPartition(Topics(settings.kafka.topic_prefix).late, 0)
    reader = clients.consumer(settings, None)
    reader.assign([partition])
    reader.seek_to_beginning(partition)
    end, found = reader.end_offsets([partition])[partition], []
    while reader.position(partition) < end:
        found += [one.value for records in reader.poll(timeout_ms=100).values() for one in records]
    reader.close()
    return found


def committed(settings: Settings) -> int | None:
    asker = clients.consumer(settings, f"{settings.kafka.topic_prefix}.slow")
    offset: int | None = asker.committed(TopicPartition(Topics(settings.kafka.topic_prefix).texts, 0))
    asker.close()
    return offset


def test_sigterm_while_idle_ends_the_stage_at_once(hurried: Settings) -> None:
    with stage(hurried, 0) as process:
        await_line(process, "open")
        assert seconds_to_end(process) < 3


@pytest.mark.parametrize(("seconds", "limit"), [(1.0, 4), (60.0, 5), (BACK_OFF, 3)], ids=["short", "long", "back-off"])
def test_sigterm_with_a_batch_in_hand_ends_the_stage_in_time_and_loses_nothing(
    hurried: Settings, eventually: Eventually, seconds: float, limit: float
) -> None:
    values = produce(hurried, 12)
    with stage(hurried, seconds) as process:
        await_line(process, "batch")
        time.sleep(0.5)
        assert seconds_to_end(process) < limit
    with stage(hurried, 0):
        assert eventually(lambda: sorted(outputs(hurried)) == sorted(values))  # nothing lost, nothing twice


def test_a_stage_that_is_killed_loses_nothing(hurried: Settings, eventually: Eventually) -> None:
    values = produce(hurried, 60)
    with stage(hurried, 0.2) as process:
        assert eventually(lambda: len(outputs(hurried)) >= 10)
        process.kill()
    with stage(hurried, 0):
        assert eventually(lambda: set(outputs(hurried)) == set(values))


def test_while_the_broker_is_away_one_stage_ends_in_time_and_another_waits_and_loses_nothing(
    hurried: Settings, kafka: LocalKafka, eventually: Eventually
) -> None:
    values = produce(hurried, 60)
    with stage(hurried, 0.2) as waiting, stage(hurried, 0.5, "ending") as ending:
        await_line(ending, "batch")
        assert eventually(lambda: len(outputs(hurried)) >= 10)
        kafka.kill()
        time.sleep(1)
        assert seconds_to_end(ending) < 5
        kafka.start()
        assert eventually(lambda: committed(hurried) == 60)
        assert set(outputs(hurried)) == set(values)
        assert seconds_to_end(waiting) < 5

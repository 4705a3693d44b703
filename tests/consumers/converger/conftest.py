"""What the tests of the converger over a real Valkey share: their own keys, a stream with a planted surge, a run over it."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consumers.converger.queries import Trends
from consumers.converger.stage import Converger
from consumers.converger.trend import Trend
from groundswell import store
from groundswell.clock import ManualClock
from groundswell.errors import FencedError, RetryableError
from groundswell.kafka import Output, Record, Topics
from groundswell.local import LocalValkey
from groundswell.messages import Alert, Hypothesis, Message, Stance, Watermark
from groundswell.settings import KafkaSettings, RedisSettings, Settings
from groundswell.stage import Result
from groundswell.store import Client

START = 28_000_020 * 60
"""A full hour, seconds since the epoch."""
HOUR = 3600

AsRecord = Callable[..., Record]
MakeHypothesis = Callable[..., Hypothesis]
_numbers = itertools.count(1)


@dataclass
class Store:
    """A partition of its own in a server: settings, and a client that connects to it."""

    settings: Settings
    client: Any

    def converger(self, client: Client | None = None) -> Converger:
        """A new converger, as of a process that has just started."""
        clock = ManualClock(datetime.fromtimestamp(START, UTC))
        return Converger(self.settings, client or self.client, lambda: {"acme": "Acme"}, clock)

    def trends(self) -> dict[str, Trend]:
        """All trends by subject."""
        return {one.subject: one.trend for one in Trends(self.client, self.settings).all()}

    def all_keys(self) -> list[bytes]:
        """All keys of this test."""
        return list(self.client.scan_iter(match=f"*{self.settings.redis.prefix}*", count=1000))


def _store(server: LocalValkey, *, cluster: bool) -> Iterator[Store]:
    prefix = f"converger{os.getpid()}n{next(_numbers)}"
    redis = RedisSettings(url=server.url, prefix=prefix, cluster=cluster)
    one = Store(Settings(kafka=KafkaSettings(topic_prefix=prefix, partitions=1), redis=redis), store.connect(redis))
    yield one
    keys = one.all_keys()
    everlasting = [key for key in keys if one.client.ttl(key) == -1]
    for key in keys:
        one.client.delete(key)
    one.client.close()
    assert not everlasting, "keys without an expiry"


@pytest.fixture
def stored(valkey: LocalValkey) -> Iterator[Store]:
    """A store on the server that all tests share; a key without an expiry fails the test."""
    yield from _store(valkey, cluster=False)


@pytest.fixture
def other(valkey: LocalValkey) -> Iterator[Store]:
    """A second store, for a run to compare with."""
    yield from _store(valkey, cluster=False)


@pytest.fixture
def clustered(tmp_path: Path) -> Iterator[Store]:
    """A store on a cluster of one node."""
    with LocalValkey(tmp_path / "cluster", cluster=True) as server:
        yield from _store(server, cluster=True)


@pytest.fixture(scope="session")
def mark() -> Callable[..., Watermark]:
    """The watermark of a partition of texts, so many seconds after the start."""

    def make(seconds: float, partition: int = 0, of: int = 1) -> Watermark:
        return Watermark(partition=partition, of=of, time=datetime.fromtimestamp(START + seconds, UTC))

    return make


@pytest.fixture(scope="session")
def line(as_record: AsRecord) -> Callable[..., list[Record]]:
    """Messages as the records of partition 0, from an offset on."""

    def make(messages: Sequence[Message], first: int = 0) -> list[Record]:
        outputs = [Output.of("hypotheses", "acme", message) for message in messages]
        return [as_record(output, offset) for offset, output in enumerate(outputs, first)]

    return make


@pytest.fixture(scope="session")
def surge(hypothesis_of: MakeHypothesis, mark: Callable[..., Watermark]) -> list[Message]:
    """A day of a text an hour, then fifty negative ones in 25 minutes, then silence: with the watermarks between."""
    calm = Stance(negative=0.1, neutral=0.8, positive=0.1)
    messages: list[Message] = []
    for hour in range(24):
        messages += [hypothesis_of(hour, START + hour * HOUR, stance=calm), mark(hour * HOUR)]
    for number in range(50):
        at = 24 * HOUR + number * 30
        messages += [hypothesis_of(100 + number, START + at, source=f"wire{number % 3}"), mark(at)]
    return [*messages, mark(24.6 * HOUR), mark(25 * HOUR), mark(40 * HOUR)]


@dataclass
class Run:
    """What a run of records came to: every alert as often as it was told, and what else was sent."""

    alerts: list[Alert] = field(default_factory=list)
    late: list[Hypothesis] = field(default_factory=list)
    fenced: int = 0

    def take(self, result: Result) -> None:
        """Do what the loop does with a result that Kafka has taken."""
        for output in result.outputs:
            if output.topic == Topics(output.topic.rpartition(".")[0]).alerts:
                self.alerts.append(Alert.from_wire(output.value))
            else:
                self.late.append(Hypothesis.from_wire(output.value))
        if result.acknowledged:
            result.acknowledged()

    def once(self) -> dict[tuple[str, int], Alert]:
        """Alerts by id and revision; fails where one revision was told in two ways."""
        found: dict[tuple[str, int], Alert] = {}
        for alert in self.alerts:
            assert found.setdefault((alert.id, alert.revision), alert) == alert
        return found


@pytest.fixture(scope="session")
def drive() -> Callable[..., Run]:
    """Run records of partition 0 through convergers as the loop would, in batches; faults are tried again.

    After each batch ``crash`` may do part of the work and return true: then a new converger takes over.
    """

    def run(
        one: Store,
        records: list[Record],
        size: int = 7,
        crash: Callable[[Converger, list[Record]], bool] | None = None,
        client: Client | None = None,
    ) -> Run:
        done, stage = Run(), one.converger(client)
        offset = _open(stage)
        while offset < len(records):
            batch = records[offset : offset + size]
            try:
                if crash and crash(stage, batch):
                    stage = one.converger(client)
                    offset = _open(stage)
                    done.take(stage.tick({}, {}))
                else:
                    done.take(stage.process(batch, {}))
                    offset += len(batch)
            except FencedError:
                done.fenced += 1
                offset = _open(stage)
            except RetryableError:
                continue
        done.take(stage.tick({}, {}))
        return done

    return run


def _open(stage: Converger) -> int:
    while True:
        try:
            return stage.open(0) or 0
        except RetryableError:
            continue

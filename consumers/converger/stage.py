"""The converger as a stage: takes hypotheses in, closes minutes as the watermarks pass them, tells alerts from the outbox."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from consumers.converger import figures
from consumers.converger.acknowledgements import Acknowledgements, answer
from consumers.converger.closing import Aliases, Closing, Names
from consumers.converger.events import Event, event_of, too_late
from consumers.converger.hottest import Hottest
from consumers.converger.partition import forget
from consumers.converger.state import Held, Marks, State
from consumers.converger.stride import stride, to_load
from consumers.headers import ENTITIES_HEADER, OBSERVED_HEADER, URL_HEADER, WORDS_HEADER
from groundswell import metrics
from groundswell.clock import Clock
from groundswell.errors import FatalError, FencedError, PoisonError
from groundswell.event_time import taken_at
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import Alert, Hypothesis, Watermark
from groundswell.settings import Settings
from groundswell.stage import Failure, Result
from groundswell.store import Client
from model import taxonomy
from model.evidence import Priors

LOOK_SECONDS = 1.0
"""How often it is looked whether people acknowledge alerts."""


class Converger:
    """The stage that keeps trends and raises alerts; ``names`` and ``aliases`` give what entities are called, by id."""

    name = "converger"

    def __init__(self, settings: Settings, client: Client, names: Names, clock: Clock, aliases: Aliases = dict) -> None:
        topics = Topics(settings.kafka.topic_prefix)
        self.topic = topics.hypotheses
        self._topics = topics
        self._settings = settings
        self._clock = clock
        self._state = State(client, settings.redis.prefix, settings.converger)
        self._taxonomy = taxonomy.load(*settings.reading.packs.values())
        self._priors = Priors(settings.reading)
        self._closing = Closing(settings.converger, self._taxonomy, names, aliases)
        self._hottest = Hottest(self._taxonomy, names, clock)
        self._held: dict[int, Held] = {}
        self._asked = Acknowledgements(client, settings)
        self._looked_at = clock.monotonic() - LOOK_SECONDS
        figures.begin(self._taxonomy)

    def open(self, partition: int) -> int | None:
        """Claim ``partition``; reading starts where the store says, whatever Kafka has committed."""
        held = self._state.claim(partition)
        self._held[partition] = held
        self._show(held)
        return int(held.offset) if held.offset else None

    def close(self, partition: int) -> None:
        """Let ``partition`` go; what it had in memory is in the store."""
        self._held.pop(partition, None)
        metrics.remove_converger_partition(partition)

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the stage's signature
        """Take ``batch`` in and close what it lets close; alerts and late hypotheses are the outputs."""
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for record in batch:
            by_partition[record.partition].append(record)
        failures: list[Failure] = []
        for number, records in by_partition.items():
            held = self._held.get(number)
            if held is not None:
                self._take_in(held, records, failures)
        return self._tell(failures)

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the stage's signature
        """Close and tell what a restart left over, and what people acknowledged."""
        self._hottest.refresh([held.partition for held in list(self._held.values())])
        if self._clock.monotonic() - self._looked_at >= LOOK_SECONDS:
            for number, held in list(self._held.items()):
                self._acknowledge(number, held)
            self._looked_at = self._clock.monotonic()
        return self._tell([])

    def _acknowledge(self, number: int, held: Held) -> None:
        """Store what people acknowledged in a partition, to be told from the outbox, and only then forget that they asked."""
        if not (asked := self._asked.of(number)):
            return
        with self._whole(held):
            closed = answer(held.partition, asked)
            if closed.alerts:
                self._state.save(held, held.partition.closed, closed)
                held.dirty = True
        self._asked.forget(number, list(asked))
        self._show(held)

    def _take_in(self, held: Held, records: Sequence[Record], failures: list[Failure]) -> None:
        """Take in the records of one partition; what a try before this one took in already is passed over."""
        intake = _Intake()
        for record in records:
            try:
                self._sort(record, intake, held)
            except PoisonError as error:
                failures.append(Failure(record, str(error)))
            if held.offset and record.offset < int(held.offset):
                intake = _Intake()
        last = records[-1].offset + 1
        if held.offset and last <= int(held.offset):
            return
        marks = Marks(intake.marks, intake.of)
        counted, repeated = self._state.ingest(held, last, intake.events, intake.late, marks)
        metrics.PAIRS.labels("counted").inc(counted)
        metrics.PAIRS.labels("repeated").inc(repeated)
        metrics.PAIRS.labels("late").inc(len(intake.late))
        now = self._clock.now()
        for ingested in intake.ingested:
            metrics.END_TO_END.labels(self.name).observe(max(0.0, (now - ingested).total_seconds()))

    def _sort(self, record: Record, intake: "_Intake", held: Held) -> None:
        """Put a record with the watermarks, the late ones, or into the minute it counts in.

        Late is also what was published in an hour whose pairs are forgotten: a quiet partition's watermark, which follows the
        clock, may be days ahead of what the diverger says of a text, and a text sent again must not count again.
        """
        if record.schema == Watermark.schema_name:
            mark = Watermark.from_wire(record.value)
            intake.marks[mark.partition] = max(mark.time.timestamp(), intake.marks.get(mark.partition, 0.0))
            intake.of = mark.of
            return
        hypothesis = Hypothesis.from_wire(record.value)
        taken = taken_at(hypothesis.published_at, hypothesis.ingested_at, self._settings.event_time)
        observed = max(taken, _observed(record))
        intake.ingested.append(hypothesis.ingested_at)
        forgotten = taken // 3600 < self._state.first_hour(held.partition.closed or 0)
        if forgotten or too_late(taken, observed, self._settings.converger.late_hours):
            intake.late.append(record.value or b"")
            return
        url = record.headers.get(URL_HEADER)
        link = None if url is None else url.decode("utf-8", "replace")
        prior = self._priors.of(hypothesis.lang, hypothesis.model)
        words, entities = _listed(record, WORDS_HEADER), _listed(record, ENTITIES_HEADER)
        event = event_of(hypothesis, int(taken // 60), link, words, prior, entities)
        intake.events.append((int(observed // 60), event))

    def _tell(self, failures: Sequence[Failure]) -> Result:
        """Close all that may be closed, then take the outbox of every partition for telling."""
        outputs: list[Output] = []
        sent: list[tuple[Held, list[bytes]]] = []
        for held in list(self._held.values()):
            if held.dirty:
                self._close(held)
                waiting = self._state.outbox(held)
                outputs += [self._output(one) for one in waiting]
                sent.append((held, waiting))

        def acknowledged() -> None:
            for held, waiting in sent:
                self._forget(held, waiting)

        return Result(outputs, failures=failures, acknowledged=acknowledged)

    def _output(self, stored: bytes) -> Output:
        if stored.startswith(b"L"):
            hypothesis = Hypothesis.from_wire(stored[1:])
            return Output.of(self._topics.late, hypothesis.text_id, hypothesis)
        alert = Alert.from_wire(stored)
        return Output.of(self._topics.alerts, alert.id, alert)

    def _forget(self, held: Held, waiting: Sequence[bytes]) -> None:
        if waiting:
            self._state.told(held, len(waiting))
        for stored in waiting:
            if not stored.startswith(b"L"):
                alert = Alert.from_wire(stored)
                metrics.ALERTS.labels(alert.kind, alert.state).inc()
        held.dirty = False

    def _close(self, held: Held) -> None:
        partition, target = held.partition, held.target()
        while target is not None and (partition.closed is None or partition.closed < target):
            step = stride(partition, self._state.events(held, partition.closed or 0, target), target)
            if step is None:
                return
            some, end = step
            self._state.load_trends(held, to_load(partition, some, end))
            was = partition.closed
            with self._whole(held):
                self._state.save(held, was, self._closing.close(partition, some, end))
            forget(partition)
            figures.count_topics(some.values(), self._taxonomy)
            self._show(held)

    @contextmanager
    def _whole(self, held: Held) -> Iterator[None]:
        """Change a partition in memory and in the store, or let it go: memory may be ahead, and only the store counts."""
        try:
            yield
        except FatalError:
            raise
        except Exception as error:
            self._held.pop(held.keys.partition, None)
            raise FencedError(f"partition {held.keys.partition} was not saved: {error}", held.keys.partition) from error

    def _show(self, held: Held) -> None:
        """Set the gauges of a partition, which may be taken away on another thread meanwhile: then they go again."""
        figures.show(held.keys.partition, held.partition)
        if held.keys.partition not in self._held:
            metrics.remove_converger_partition(held.keys.partition)


@dataclass
class _Intake:
    """What a run of records holds, sorted."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    late: list[bytes] = field(default_factory=list)
    marks: dict[int, float] = field(default_factory=dict)
    of: int = 0
    ingested: list[datetime] = field(default_factory=list)


def _observed(record: Record) -> float:
    """The event time at which the diverger says a record counts; 0 where it says nothing."""
    try:
        observed = float(record.headers.get(OBSERVED_HEADER, b"0"))
    except ValueError:
        observed = math.nan
    if not math.isfinite(observed):
        raise PoisonError(f"header {OBSERVED_HEADER}: not a number of seconds")
    return observed


def _listed(record: Record, header: str) -> tuple[str, ...]:
    """What a header lists; nothing where there is none."""
    try:
        listed = json.loads(record.headers.get(header, b"[]"))
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise PoisonError(f"header {header}: not a JSON list")
    return tuple(map(str, listed))

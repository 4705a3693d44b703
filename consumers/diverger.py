"""The diverger: texts in, every plausible reading of them out.

Each hypothesis goes to the partition of its entity, or of its topic where there is none, with the event time at which it
counts in a header. When all hypotheses of a batch are acknowledged, the watermark of each text partition follows into every
partition of the hypotheses topic; then the offsets move on, with the event time beside them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consumers.headers import ENTITIES_HEADER, OBSERVED_HEADER, URL_HEADER, WORDS_HEADER
from consumers.keys import entities_of, key_of
from groundswell import metrics
from groundswell.clock import Clock
from groundswell.errors import PoisonError
from groundswell.event_time import EventTime
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import Text, Watermark
from groundswell.settings import EventTimeSettings
from groundswell.stage import Failure, Result
from model.reader import Reader, Reading
from model.watch import Watch


@dataclass(frozen=True)
class _Placed:
    """A text with its place in event time."""

    record: Record
    text: Text
    observed: float


class Diverger:
    """The stage that reads texts. ``partitions`` gives the numbers of partitions of texts and of hypotheses.

    ``watch`` counts what was read; without one, readings are counted and no drift is told. ``chores`` are done between two
    batches and never between two tries of one: packs that have changed may take over then, or be tested again.
    """

    name = "diverger"

    def __init__(
        self,
        reader: Reader,
        topics: Topics,
        partitions: tuple[int, int],
        settings: EventTimeSettings,
        clock: Clock,
        watch: Watch | None = None,
        chores: Sequence[Callable[[], None]] = (),
    ) -> None:
        self.topic = topics.texts
        self._reader = reader
        self._topics = topics
        self._of, self._targets = partitions
        self._settings = settings
        self._clock = clock
        self._watch = watch or Watch(dict)
        self._chores = chores
        self._told: dict[int, float] = {}
        for language in (*sorted(metrics.KNOWN_LANGUAGES), "other"):
            metrics.TEXTS_READ.labels(language)  # at 0: a rate misses what a series is born with
            metrics.TRUNCATED.labels(language)

    def open(self, partition: int) -> None:
        """Start from the committed offset; the event time comes back with the note."""
        self._told.pop(partition, None)

    def close(self, partition: int) -> None:
        """Nothing is kept for a partition but what was last told of it."""
        self._told.pop(partition, None)

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
        """Read the texts of ``batch``; a record that is no text becomes a failure."""
        times = {record.partition: EventTime.decode(notes.get(record.partition, "")) for record in batch}
        placed: list[_Placed] = []
        failures: list[Failure] = []
        for record in batch:
            try:
                self._place(record, times, placed)
            except PoisonError as error:
                failures.append(Failure(record, str(error)))
        readings = self._reader.read([one.text for one in placed])
        outputs = [out for one, reading in zip(placed, readings, strict=True) for out in self._outputs(one, reading)]
        marks = {number: time.watermark for number, time in times.items() if time.watermark is not None}
        return Result(
            outputs,
            self._watermarks(marks),
            failures,
            {number: time.encode() for number, time in times.items()},
            lambda: self._count(placed, readings),
        )

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the stage's signature
        """Let quiet partitions follow the clock, so that they do not hold the others back; do the chores."""
        for chore in self._chores:
            chore()
        if self._settings.idle_timeout is None:
            return Result()
        now = self._clock.now().timestamp() - self._settings.lateness
        due = {
            number: now
            for number, seconds in idle.items()
            if seconds >= self._settings.idle_timeout and now - self._told.get(number, 0.0) >= 1.0
        }
        self._told.update(due)
        return Result(after=self._watermarks(due))

    def _place(self, record: Record, times: dict[int, EventTime], placed: list[_Placed]) -> None:
        time = times[record.partition]
        if record.schema == Watermark.schema_name:
            mark = Watermark.from_wire(record.value)
            times[record.partition] = time.advance(mark.time.timestamp())
            return
        text = Text.from_wire(record.value)
        times[record.partition], observed = time.take(text, self._settings)
        placed.append(_Placed(record, text, observed))

    def _outputs(self, placed: _Placed, reading: Reading) -> list[Output]:
        headers = {OBSERVED_HEADER: f"{placed.observed:.3f}".encode()}
        if reading.url:
            headers[URL_HEADER] = reading.url.encode()
        if reading.words:
            headers[WORDS_HEADER] = json.dumps(reading.words, ensure_ascii=False).encode()
        if entities := entities_of(reading.hypotheses):
            headers[ENTITIES_HEADER] = json.dumps(entities, ensure_ascii=False).encode()
        return [
            Output.of(self._topics.hypotheses, key_of(hypothesis), hypothesis, headers) for hypothesis in reading.hypotheses
        ]

    def _watermarks(self, marks: Mapping[int, float]) -> list[Output]:
        """The watermark of each text partition, for every partition of the hypotheses topic."""
        outputs = []
        for number, time in sorted(marks.items()):
            mark = Watermark(partition=number, of=self._of, time=datetime.fromtimestamp(time, UTC))
            outputs += [
                Output.of(self._topics.hypotheses, "watermark", mark, partition=target) for target in range(self._targets)
            ]
        return outputs

    def _count(self, placed: Sequence[_Placed], readings: Sequence[Reading]) -> None:
        now = self._clock.now()
        for one, reading in zip(placed, readings, strict=True):
            self._watch.count(reading)
            metrics.END_TO_END.labels(self.name).observe(max(0.0, (now - one.text.ingested_at).total_seconds()))

"""The working half of the consume loop: takes batches, has the stage process them, and sees their outputs acknowledged.

Runs on a thread of its own, so that work of any length never keeps the consumer from polling.
"""

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from groundswell import metrics
from groundswell.breaker import Breaker
from groundswell.clock import Clock
from groundswell.errors import FatalError, FencedError, PoisonError, RetryableError
from groundswell.kafka import MAX_REQUEST, Output, Publisher, Record, Topics
from groundswell.log import get
from groundswell.messages import DeadLetter
from groundswell.offsets import Prefetch
from groundswell.settings import LoopSettings
from groundswell.stage import Failure, Result, Stage

KEPT_BYTES = 64 * 1024
TICK_SECONDS = 0.25
BUSY_TICK_SECONDS = 1.0
"""A tick comes at least so often while records never cease: one partition may be quiet beside a busy one."""

log = get("worker")


@dataclass
class Worker:
    """Drives ``stage`` from ``prefetch`` until ``stopping``; ``failure`` holds what ended it early."""

    stage: Stage
    prefetch: Prefetch
    publisher: Publisher
    topics: Topics
    settings: LoopSettings
    clock: Clock
    idle: Callable[[], Mapping[int, float]]
    reopen: Callable[[int], None]
    stopping: threading.Event
    failure: BaseException | None = None
    progressed_at: float = 0.0
    """When a batch was last done, by the clock's monotonic seconds."""
    breaker: Breaker = field(init=False)
    _ticked_at: float = 0.0

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.settings.breaker_window, self.settings.breaker_ratio, self.settings.breaker_run)
        self.progressed_at = self.clock.monotonic()
        metrics.begin(self.stage.name)
        metrics.LAST_PROGRESS.labels(self.stage.name).set(self.clock.now().timestamp())  # as `progressed_at`

    def run(self) -> None:
        """Work until told to stop. Never raises: the polling thread looks at ``failure``."""
        try:
            while not self.stopping.is_set():
                batch = self.prefetch.take(self.settings.batch_records, TICK_SECONDS)
                if batch:
                    self._until_done(partial(self._finish, batch))
                if not batch or self.clock.monotonic() - self._ticked_at >= BUSY_TICK_SECONDS:
                    self._until_done(self._tick)
        except Exception as error:  # noqa: BLE001 - handed to the polling thread, which ends the process with it
            self.failure = error

    def _until_done(self, step: Callable[[], None]) -> None:
        """Try ``step`` until it passes or the stage stops, with a growing pause between."""
        pause = 0.1
        while not self.stopping.is_set():
            try:
                step()
            except RetryableError as error:
                if isinstance(error, FencedError):
                    self.reopen(error.partition)
                metrics.RETRIES.labels(self.stage.name).inc()
                log.warning("batch will be tried again", stage=self.stage.name, reason=str(error), pause=round(pause, 1))
                self.stopping.wait(pause)
                pause = min(pause * 2, self.settings.retry_max)
            else:
                return

    def _finish(self, taken: Sequence[Record]) -> None:
        batch = self.prefetch.mine(taken)  # a partition may have gone since the last try
        if not batch:
            return
        notes = self.prefetch.notes()
        with metrics.BATCH_SECONDS.labels(self.stage.name).time():
            result = self._process(batch, notes)
            self._deliver(result)
        self.prefetch.done(batch, result.notes)
        self.progressed_at = self.clock.monotonic()
        self._count(batch, result)

    def _tick(self) -> None:
        self._ticked_at = self.clock.monotonic()
        result = self.stage.tick(self.idle(), self.prefetch.notes())
        if reason := _misfit(result):  # no record can be blamed for it
            metrics.RECORDS_FAILED.labels(self.stage.name, "too_large").inc()
            log.error("output dropped", stage=self.stage.name, reason=reason)
            result = replace(result, outputs=_fitting(result.outputs), after=_fitting(result.after))
        self._deliver(result)

    def _process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
        try:
            result = self.stage.process(batch, notes)
            if reason := _misfit(result):
                raise PoisonError(reason)  # noqa: TRY301 - the same way as a record that the stage cannot bear
        except (RetryableError, FatalError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record does to the stage, it does to no other record
            if len(batch) == 1:
                reason = str(error) if isinstance(error, PoisonError) else f"{type(error).__name__}: {error}"
                return Result(failures=[Failure(batch[0], reason)])
            log.warning("batch failed, trying its records alone", stage=self.stage.name, error=type(error).__name__)
            return self._one_by_one(batch, notes)
        return result

    def _one_by_one(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
        """Process each record alone, so that one that fails takes no other with it."""
        merged = dict(notes)
        outputs: list[Output] = []
        after: list[Output] = []
        failures: list[Failure] = []
        calls: list[Callable[[], None]] = []
        for record in batch:
            result = self._process([record], merged)
            merged.update(result.notes)
            outputs += result.outputs
            after += result.after
            failures += result.failures
            if result.acknowledged:
                calls.append(result.acknowledged)

        def acknowledged() -> None:
            for call in calls:
                call()

        return Result(outputs, after, failures, merged, acknowledged)

    def _deliver(self, result: Result) -> None:
        dead = [self._deadletter(failure) for failure in result.failures]
        self.publisher.publish([*result.outputs, *dead])
        self.publisher.publish(result.after)
        if result.acknowledged:
            result.acknowledged()
        metrics.RECORDS_OUT.labels(self.stage.name).inc(len(result.outputs))

    def _deadletter(self, failure: Failure) -> Output:
        record = failure.record
        value = record.value or b""
        letter = DeadLetter(
            stage=self.stage.name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=failure.reason[:1000],
            failed_at=self.clock.now(),
            key_base64=None if record.key is None else base64.b64encode(record.key[:KEPT_BYTES]).decode(),
            value_base64=None if record.value is None else base64.b64encode(value[:KEPT_BYTES]).decode(),
            value_bytes=len(value),
            headers={name[:100]: data[:4096].decode("utf-8", "replace") for name, data in [*record.headers.items()][:20]},
        )
        return Output.of(self.topics.deadletters, f"{record.topic}/{record.partition}/{record.offset}", letter)

    def _count(self, batch: Sequence[Record], result: Result) -> None:
        name = self.stage.name
        metrics.RECORDS_IN.labels(name).inc(len(batch))
        metrics.BATCH_RECORDS.labels(name).observe(len(batch))
        metrics.RECORDS_FAILED.labels(name, "poison").inc(len(result.failures))
        metrics.LAST_PROGRESS.labels(name).set(self.clock.now().timestamp())
        failed = {(failure.record.partition, failure.record.offset) for failure in result.failures}
        for record in batch:
            self.breaker.record(failed=(record.partition, record.offset) in failed)
        if reason := self.breaker.reason():
            last = result.failures[-1].reason if result.failures else "see deadletters"
            raise FatalError(
                f"{name} stopped: {reason}, the last with: {last}. Mend the cause, start again, then "
                "`groundswell deadletters replay`"
            )


def _fitting(outputs: Sequence[Output]) -> list[Output]:
    return [output for output in outputs if output.size <= MAX_REQUEST]


def _misfit(result: Result) -> str | None:
    """Which output is larger than Kafka takes, found before any of them is sent; none where all fit."""
    for output in (*result.outputs, *result.after):
        if output.size > MAX_REQUEST:
            return f"an output of {output.size:,} bytes for {output.topic} is over the limit of {MAX_REQUEST:,}"
    return None

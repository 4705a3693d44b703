"""The consume loop that all stages share: the polling half.

It polls for ever, whatever the work takes: a bounded prefetch feeds a working thread, polling goes on with the partitions
paused while the prefetch is full. What is done is committed as a contiguous prefix; partitions that are taken away are
handed over in order (drop what waits, let the batch in flight finish, commit, let go); SIGTERM drains within seconds.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

from kafka import TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import CorruptRecordError, FencedInstanceIdError, IllegalStateError, KafkaError
from kafka.net.selector import KernelEvent
from kafka.structs import OffsetAndMetadata

from groundswell import metrics
from groundswell.clock import Clock, SystemClock
from groundswell.errors import FatalError, RetryableError
from groundswell.kafka import Publisher, Topics, consumer, record_of, subscribe
from groundswell.log import get
from groundswell.offsets import Prefetch, Progress
from groundswell.settings import Settings
from groundswell.stage import Stage
from groundswell.worker import Worker

POLL_MS = 100
STUCK_SECONDS = 120.0
"""Without progress for so long while there is lag, a stage reports itself unhealthy."""

log = get("consume")


class _Handover(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Rebalances arrive on the client's IO thread; only awaiting keeps its heartbeats going."""

    def __init__(self, loop: "ConsumeLoop") -> None:
        self._loop = loop

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Hand over in order: stop new work, let the batch in flight finish, commit, let go."""
        numbers = [one.partition for one in revoked]
        prefetch = self._loop.prefetch
        self._loop.withdraw(numbers)
        prefetch.close_partitions(numbers)
        waited = 0.0
        while prefetch.busy(numbers) and waited < self._loop.patience:
            await KernelEvent("_sleep", 0.02)  # the client's loop is no asyncio loop; this is its sleep
            waited += 0.02
        with self._loop.lock:
            ready = prefetch.remove(numbers)
        if ready:
            try:
                await self._loop.consumer.commit_async(self._loop.offsets(ready))
            except KafkaError as error:
                log.warning("hand-over without a commit: the next owner reads again", error=type(error).__name__)
        self._loop.let_go(numbers)

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Leave the opening to the polling thread: it may have to ask a store where to start."""
        with self._loop.lock:
            self._loop.to_open.update(one.partition for one in assigned)

    async def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        """Nothing may be committed any more: another member has them."""
        numbers = [one.partition for one in lost]
        self._loop.withdraw(numbers)
        self._loop.prefetch.remove(numbers)
        self._loop.let_go(numbers)


class ConsumeLoop:
    """Runs one stage as a member of its consumer group until it is stopped or fails."""

    def __init__(
        self,
        settings: Settings,
        stage: Stage,
        clock: Clock | None = None,
        member: str | None = None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.stage = stage
        self.clock = clock or SystemClock()
        self.topics = Topics(settings.kafka.topic_prefix)
        self.prefetch = Prefetch(settings.loop.prefetch_records)
        self.to_open: set[int] = set()
        self.lock = threading.Lock()
        """Held for moments by the polling, the IO and the working thread while a partition comes, goes or is committed."""
        self._stopping = threading.Event()
        self._on_stop = on_stop
        self._drained = False
        self._committing = False
        self._committed_at = 0.0
        self._idle_since: dict[int, float] = {}
        self._behind_since: float | None = None
        self._polled_at = self.clock.monotonic()
        self.publisher = Publisher(settings, f"{settings.kafka.topic_prefix}-{stage.name}")
        self.consumer = consumer(settings, f"{settings.kafka.topic_prefix}.{stage.name}", group_instance_id=member)
        self._worker = Worker(
            stage=stage,
            prefetch=self.prefetch,
            publisher=self.publisher,
            topics=self.topics,
            settings=settings.loop,
            clock=self.clock,
            idle=self._idle,
            reopen=self._reopen,
            stopping=self._stopping,
        )

    def run(self, *, signals: bool = True) -> None:
        """Work until `stop` or SIGTERM; raises what ended it early (FatalError and the like)."""
        if signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._on_signal)
        thread = threading.Thread(target=self._worker.run, name=f"{self.stage.name}-worker", daemon=True)
        thread.start()
        try:
            self._join()
            while not self._stopping.is_set() and self._worker.failure is None:
                try:
                    self._step()
                except FencedInstanceIdError:
                    raise self._displaced() from None
                except KafkaError as error:
                    log.warning("polling failed, trying again", stage=self.stage.name, error=type(error).__name__)
                    self._stopping.wait(0.5)
        finally:
            self._drain(thread)
        if self._worker.failure is not None:
            raise self._worker.failure

    def stop(self) -> None:
        """Ask the loop, and what runs beside it, to drain and end; safe from any thread and from signal handlers."""
        self._stopping.set()
        self._on_stop()

    def healthy(self) -> tuple[bool, str]:
        """Liveness by progress: unwell when polling stands still, or nothing got done while there is lag."""
        now, behind_since = self.clock.monotonic(), self._behind_since
        if now - self._polled_at > STUCK_SECONDS:
            return False, f"no poll for {now - self._polled_at:.0f} s"
        if behind_since is None:
            return True, "nothing waits"
        age = now - max(behind_since, self._worker.progressed_at)
        if age > STUCK_SECONDS:
            return False, f"no progress for {age:.0f} s while records wait"
        return True, f"last progress {age:.0f} s ago"

    @property
    def patience(self) -> float:
        """How long a hand-over waits for the batch in flight, seconds; a drain has waited already."""
        return 0.0 if self._drained else self.settings.loop.handover_timeout

    def offsets(self, progress: Mapping[int, Progress]) -> dict[Any, Any]:
        """``progress`` in the client's own types."""
        topic = self.stage.topic
        return {TopicPartition(topic, number): OffsetAndMetadata(p.offset, p.note, -1) for number, p in progress.items()}

    def withdraw(self, partitions: Iterable[int]) -> None:
        """Have ``partitions`` not opened any more, an opening under way included."""
        with self.lock:
            self.to_open.difference_update(partitions)

    def let_go(self, partitions: Iterable[int]) -> None:
        """Tell the stage that ``partitions`` are gone, and drop their series."""
        self.withdraw(partitions)
        for number in partitions:
            self.stage.close(number)
            with self.lock:
                self._idle_since.pop(number, None)
                metrics.remove_partition(self.stage.name, number)
            metrics.REBALANCES.labels(self.stage.name, "revoked").inc()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of handlers
        self.stop()

    def _reopen(self, partition: int) -> None:
        """Read ``partition`` again from where its state says, as if it had just been given to us."""
        with self.lock:
            if partition in self.prefetch.positions():
                self.prefetch.remove([partition])
                self.to_open.add(partition)

    def _join(self) -> None:
        while not self._stopping.is_set():
            try:
                subscribe(self.consumer, self.stage.topic, _Handover(self))
            except KafkaError as error:
                log.warning("not joined yet, trying again", stage=self.stage.name, error=type(error).__name__)
                self._stopping.wait(0.5)
            else:
                return

    def _step(self) -> None:
        self._polled_at = self.clock.monotonic()
        try:
            batches = self.consumer.poll(timeout_ms=POLL_MS)
        except CorruptRecordError as error:
            self._skip_corrupt(str(error))
            return
        for records in batches.values():
            self.prefetch.put(record_of(one) for one in records)
        self._open_assigned()
        self._flow()
        self._measure()
        self._commit_when_due()

    def _open_assigned(self) -> None:
        """Open what was assigned since the last poll: what was fetched for it before is read again from its place."""
        for number in sorted(self.to_open):
            if self._stopping.is_set():
                return
            partition = TopicPartition(self.stage.topic, number)
            if partition not in self.consumer.assignment():
                self.withdraw([number])
                continue
            try:
                committed = self.consumer.committed(partition, metadata=True, timeout_ms=2000)
                start = self.stage.open(number)
                self._seek(partition, start if start is not None else (committed.offset if committed else None))
            except (RetryableError, KafkaError) as error:
                log.warning("partition not open yet", stage=self.stage.name, partition=number, reason=str(error))
                self._stopping.wait(0.2)
                continue
            if self._take_over(number, committed.metadata if committed else ""):
                metrics.REBALANCES.labels(self.stage.name, "assigned").inc()
                log.info("partition open", stage=self.stage.name, partition=number, offset=start)
            else:
                self.stage.close(number)

    def _take_over(self, number: int, note: str) -> bool:
        """Begin to keep an open partition; false where it was taken away while it was being opened."""
        with self.lock:
            if number not in self.to_open:
                return False
            self.to_open.discard(number)
            self._idle_since.pop(number, None)
            self.prefetch.assign(number, note)
            return True

    def _seek(self, partition: Any, offset: int | None) -> None:
        try:
            if offset is None:
                self.consumer.seek_to_beginning(partition)
                return
            end = self.consumer.end_offsets([partition], timeout_ms=2000)[partition]
            if offset <= end:
                self.consumer.seek(partition, offset)
                return
        except ValueError as error:  # so the client says that the partition was taken away meanwhile
            raise IllegalStateError(str(error)) from None
        raise FatalError(
            f"{partition.topic}/{partition.partition} ends at {end}, but {self.stage.name} had read to {offset}: the "
            "topic was made anew; start with another kafka.topic_prefix and redis.prefix, or clear the old state"
        )

    def _flow(self) -> None:
        """Pause while the prefetch is full, resume when it is low; the paused set is made to fit the assignment."""
        mine = self.consumer.assignment()
        with contextlib.suppress(KeyError):  # taken away meanwhile
            if self.prefetch.full:
                self.consumer.pause(*mine)
            elif self.prefetch.low:
                self.consumer.resume(*(self.consumer.paused() & mine))

    def _measure(self) -> None:
        """Set the metrics of lag, and note since when there is any."""
        now = self.clock.monotonic()
        behind = bool(self.to_open)
        oldest = self.prefetch.oldest()
        for number, position in self.prefetch.positions().items():
            partition = TopicPartition(self.stage.topic, number)
            try:
                end = self.consumer.highwater(partition)
                start = position if position is not None else self.consumer.position(partition, timeout_ms=200)
            except (IllegalStateError, KeyError):
                continue  # taken away meanwhile
            lag, stamp = max(0, (end or 0) - (start or 0)), oldest.get(number)
            behind = behind or lag > 0 or stamp is not None
            self._export(number, lag, stamp)
            if lag or stamp is not None or end is None:
                self._idle_since.pop(number, None)
            else:
                self._idle_since.setdefault(number, now)
        if not behind:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        metrics.PREFETCHED.labels(self.stage.name).set(self.prefetch.waiting)

    def _export(self, number: int, lag: int, stamp: int | None) -> None:
        age = max(0.0, self.clock.now().timestamp() - stamp / 1000) if stamp is not None else 0.0
        with self.lock:
            if number in self.prefetch.positions():  # else its series are gone and stay so
                metrics.LAG_RECORDS.labels(self.stage.name, str(number)).set(lag)
                metrics.LAG_SECONDS.labels(self.stage.name, str(number)).set(age)

    def _idle(self) -> Mapping[int, float]:
        now = self.clock.monotonic()
        ours = self.prefetch.positions()
        return {number: now - since for number, since in dict(self._idle_since).items() if number in ours}

    def _commit_when_due(self) -> None:
        now = self.clock.monotonic()
        if self._committing or now - self._committed_at < self.settings.loop.commit_interval:
            return
        with self.lock:  # a hand-over must find this commit before its own, or it would be taken back
            ready = self.prefetch.committable()
            if not ready:
                return
            self._committed_at = now
            # The callback, not the future: that one may tell of no more than that the coordinator was found.
            self.consumer.commit_async(self.offsets(ready), callback=lambda _, answer: self._committed(ready, answer))
            self._committing = True

    def _committed(self, ready: Mapping[int, Progress], answer: Any) -> None:
        """What became of a commit; called on the polling thread."""
        self._committing = False
        if not isinstance(answer, Exception):
            self.prefetch.committed(ready)
        elif isinstance(answer, FencedInstanceIdError):
            self._worker.failure = self._displaced()
        else:
            log.warning("commit refused, trying again", stage=self.stage.name, error=type(answer).__name__)

    def _displaced(self) -> FatalError:
        return FatalError(f"{self.stage.name}: another process runs under the same member name; stop one of them")

    def _skip_corrupt(self, error: str) -> None:
        """Step over the record that the client cannot decode: it would raise at the same place for ever."""
        for partition in self.consumer.assignment():
            place = self.consumer.position(partition, timeout_ms=1000)
            if str(partition) in error and place is not None:
                log.error("corrupt record skipped", topic=partition.topic, partition=partition.partition, offset=place)
                metrics.RECORDS_FAILED.labels(self.stage.name, "corrupt").inc()
                self._seek(partition, place + 1)
                return
        log.error("corrupt record, place not told", error=error)
        self._stopping.wait(1.0)

    def _drain(self, thread: threading.Thread) -> None:
        """Let the batch in flight finish, commit what is done, leave the group: all within five seconds."""
        self._stopping.set()
        self.prefetch.close()
        thread.join(self.settings.loop.drain_timeout)
        self._drained = True
        ready = self.prefetch.committable()
        try:
            if ready:
                self.consumer.commit(self.offsets(ready), timeout_ms=500)
                self.prefetch.committed(ready)
        except KafkaError as error:
            log.warning("last commit refused: these records are read again", error=type(error).__name__)
        with contextlib.suppress(KafkaError):
            self.consumer.close(autocommit=False, timeout_ms=300)
        self.publisher.close()

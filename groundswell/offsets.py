"""What is read, waiting and done in each partition: the bounded prefetch between polling and work.

Thread-safe: the polling thread puts records in and takes offsets out to commit, the working thread takes batches and marks
them done. Nothing here knows Kafka's client.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from groundswell.kafka import Record

MAX_BYTES = 64 * 1024 * 1024


@dataclass
class _Partition:
    waiting: deque[Record] = field(default_factory=deque)
    in_flight: deque[Record] = field(default_factory=deque)
    position: int | None = None
    """Offset after the last record that is done; none before the first."""
    committed: int | None = None
    note: str = ""
    closing: bool = False


@dataclass(frozen=True)
class Progress:
    """What may be committed for a partition: the next offset to read, and the note kept beside it."""

    offset: int
    note: str


class Prefetch:
    """Records of the partitions that are ours: about ``limit`` of them, or ``MAX_BYTES``, by the caller's pausing at `full`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._partitions: dict[int, _Partition] = {}
        self._changed = threading.Condition()
        self._closed = False

    def assign(self, partition: int, note: str = "") -> None:
        """Start to keep ``partition``; ``note`` is what its last commit left."""
        with self._changed:
            self._partitions[partition] = _Partition(note=note)

    def close_partitions(self, partitions: Iterable[int]) -> None:
        """Forget what waits for ``partitions`` and take no more of it, so that no new batch of them starts."""
        with self._changed:
            for number in partitions:
                if number in self._partitions:
                    self._partitions[number].waiting.clear()
                    self._partitions[number].closing = True

    def busy(self, partitions: Iterable[int]) -> bool:
        """Whether a batch with records of ``partitions`` is in flight."""
        with self._changed:
            return any(self._partitions[number].in_flight for number in partitions if number in self._partitions)

    def remove(self, partitions: Iterable[int]) -> dict[int, Progress]:
        """Stop keeping ``partitions``; returns what can be committed for them.

        A batch of them that is still in flight is done again by the next owner.
        """
        with self._changed:
            taken = [number for number in partitions if number in self._partitions]
            ready = self._committable(taken)
            for number in taken:
                del self._partitions[number]
        return ready

    def mine(self, batch: Sequence[Record]) -> list[Record]:
        """The records of ``batch`` that are still in flight: a partition that went and came back reads its own again."""
        with self._changed:
            flying = {id(record) for part in self._partitions.values() for record in part.in_flight}
            return [record for record in batch if id(record) in flying]

    def put(self, records: Iterable[Record]) -> int:
        """Add records to the waiting; returns how many belonged to a partition that is ours."""
        count = 0
        with self._changed:
            for record in records:
                part = self._partitions.get(record.partition)
                if part and not part.closing:
                    part.waiting.append(record)
                    count += 1
            self._changed.notify_all()
        return count

    def take(self, count: int, timeout: float) -> list[Record]:
        """Up to ``count`` records, a fair share of each partition, in order; empty after ``timeout`` s or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting() > 0, timeout)
            if self._closed:
                return []
            batch: list[Record] = []
            busiest = sorted(self._partitions.values(), key=lambda one: len(one.waiting))
            for place, part in enumerate(busiest):
                share = (count - len(batch)) // (len(busiest) - place)
                for _ in range(min(share, len(part.waiting))):
                    record = part.waiting.popleft()
                    part.in_flight.append(record)
                    batch.append(record)
            return batch

    def done(self, batch: Sequence[Record], notes: Mapping[int, str]) -> None:
        """Mark ``batch`` done, with the notes of its partitions; what was lost to another owner is passed over."""
        with self._changed:
            for record in batch:
                part = self._partitions.get(record.partition)
                if part and part.in_flight and part.in_flight[0].offset == record.offset:
                    part.in_flight.popleft()
                    part.position = record.offset + 1
                    part.note = notes.get(record.partition, part.note)
            self._changed.notify_all()

    def notes(self) -> dict[int, str]:
        """The note of each partition as of the last batch done."""
        with self._changed:
            return {number: part.note for number, part in self._partitions.items()}

    def committable(self) -> dict[int, Progress]:
        """The partitions that moved on since the last `committed`."""
        with self._changed:
            return self._committable(self._partitions)

    def committed(self, progress: Mapping[int, Progress]) -> None:
        """Remember that Kafka has taken ``progress``."""
        with self._changed:
            for number, done in progress.items():
                if number in self._partitions:
                    self._partitions[number].committed = done.offset

    def positions(self) -> dict[int, int | None]:
        """The offset of the next record to be done, by partition; none where nothing came yet."""
        with self._changed:
            return {number: _next(part) for number, part in self._partitions.items()}

    def oldest(self) -> dict[int, int | None]:
        """Timestamp in ms of the oldest record not yet done, by partition; none where all is done."""
        with self._changed:
            return {number: _oldest(part) for number, part in self._partitions.items()}

    @property
    def waiting(self) -> int:
        """How many records wait."""
        with self._changed:
            return self._waiting()

    @property
    def full(self) -> bool:
        """Whether polling should give no more records."""
        with self._changed:
            return self._waiting() >= self._limit or self._waiting_bytes() >= MAX_BYTES

    @property
    def low(self) -> bool:
        """Whether polling should give records again."""
        with self._changed:
            return self._waiting() <= self._limit // 2 and self._waiting_bytes() <= MAX_BYTES // 2

    def close(self) -> None:
        """Give out no more batches."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _waiting(self) -> int:
        return sum(len(part.waiting) for part in self._partitions.values())

    def _waiting_bytes(self) -> int:
        return sum(len(record.value or b"") for part in self._partitions.values() for record in part.waiting)

    def _committable(self, partitions: Iterable[int]) -> dict[int, Progress]:
        ready = {}
        for number in partitions:
            part = self._partitions[number]
            if part.position is not None and part.position != part.committed:
                ready[number] = Progress(part.position, part.note)
        return ready


def _next(part: _Partition) -> int | None:
    first = _first(part)
    return first.offset if first else part.position


def _oldest(part: _Partition) -> int | None:
    first = _first(part)
    return first.timestamp_ms if first else None


def _first(part: _Partition) -> Record | None:
    """The first record that is not done."""
    for queue in (part.in_flight, part.waiting):
        if queue:
            return queue[0]
    return None

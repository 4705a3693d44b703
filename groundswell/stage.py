"""What a stage is: pure logic that the consume loop drives, so that it can be tested with lists and run with Kafka."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from groundswell.kafka import Output, Record


@dataclass(frozen=True)
class Failure:
    """A record that can never be processed, and why."""

    record: Record
    reason: str


@dataclass(frozen=True)
class Result:
    """What became of a batch.

    ``outputs`` are sent and acknowledged first, then ``after``, then ``acknowledged`` is called; only then do the
    offsets of the batch move on. ``notes`` are kept beside the committed offset of a partition and come back with it.
    """

    outputs: Sequence[Output] = ()
    after: Sequence[Output] = ()
    failures: Sequence[Failure] = ()
    notes: Mapping[int, str] = field(default_factory=dict)
    acknowledged: Callable[[], None] | None = None


class Stage(Protocol):
    """The logic of one consumer group.

    ``process`` may be called again with the same batch after a passing fault (it raised RetryableError, or Kafka did not
    take the outputs): the same batch and notes must give the same outputs. Any other exception than RetryableError and
    FatalError makes the loop try the records one by one and sends those that fail alone to deadletters.
    """

    name: str
    topic: str

    def open(self, partition: int) -> int | None:
        """Take ``partition`` over; the offset to start from, or none for the committed one."""
        ...

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:
        """Process ``batch``; ``notes`` holds the note of each partition that is ours."""
        ...

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:
        """Do what is due without records; ``idle`` tells for how many seconds a partition has been read to its end."""
        ...

    def close(self, partition: int) -> None:
        """Give ``partition`` back: what was in flight for it is done or abandoned."""
        ...

"""Read a topic from its start, without a group, for those who look: alerts, audits, deadletters."""

from collections.abc import Iterator
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from groundswell.errors import RetryableError
from groundswell.kafka import Record, consumer, record_of
from groundswell.settings import Settings


class Tail:
    """All records of a topic, from the first; a context manager."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._consumer = consumer(settings, None)
        try:
            numbers = self._consumer.partitions_for_topic(topic) or set()
        except KafkaError as error:
            self._consumer.close()
            raise RetryableError(f"topic {topic} cannot be read ({type(error).__name__})") from error
        if not numbers:
            self._consumer.close()
            raise RetryableError(f"topic {topic} is not there yet: start `groundswell up`, or see `groundswell doctor`")
        self._partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning(*self._partitions)

    def poll(self, seconds: float = 0.2) -> list[Record]:
        """What came within ``seconds``; a broker that is away for a moment gives nothing."""
        try:
            batches = self._consumer.poll(timeout_ms=int(seconds * 1000), max_records=2000)
        except KafkaError:
            return []
        return [record_of(one) for records in batches.values() for one in records]

    def at_end(self) -> bool:
        """Whether all that the topic held a moment ago has been given; not known while the broker is away."""
        try:
            ends = self._consumer.end_offsets(self._partitions, timeout_ms=5000)
            return all(self._position(one) >= ends[one] for one in self._partitions)
        except KafkaError:
            return False

    def to_end(self) -> Iterator[Record]:
        """All records up to what is the end when it is reached."""
        while True:
            records = self.poll()
            yield from records
            if not records and self.at_end():
                return

    def position(self, partition: int) -> int:
        """The offset of the next record that will be given of ``partition``; -1 while the broker is away."""
        try:
            return self._position(self._partitions[partition])
        except KafkaError:
            return -1

    def _position(self, partition: Any) -> int:
        found = self._consumer.position(partition, timeout_ms=5000)
        return -1 if found is None else int(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._consumer.close(autocommit=False)

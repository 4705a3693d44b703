"""What the producers' tests share: topics on the real broker, and a look at what came to stand in them."""

from collections.abc import Callable, Iterator

import pytest
from kafka import TopicPartition

from groundswell.kafka import Publisher, Record, Topics, consumer, ensure_topics
from groundswell.settings import Settings


@pytest.fixture
def topics(settings: Settings) -> Topics:
    """The topics of this test, created."""
    ensure_topics(settings)
    return Topics(settings.kafka.topic_prefix)


@pytest.fixture
def publisher(settings: Settings, topics: Topics) -> Iterator[Publisher]:  # noqa: ARG001 - the topics must stand first
    made = Publisher(settings, "test")
    yield made
    made.close()


@pytest.fixture
def texts_topic(settings: Settings, topics: Topics) -> Callable[[], list[Record]]:
    """Reads the texts topic from its beginning to its end, one partition after another."""

    def look() -> list[Record]:
        reader = consumer(settings, None)
        partitions = [TopicPartition(topics.texts, number) for number in range(settings.kafka.partitions)]
        reader.assign(partitions)
        reader.seek_to_beginning(*partitions)
        ends = reader.end_offsets(partitions)
        found: list[Record] = []
        while any(reader.position(partition) < ends[partition] for partition in partitions):
            for records in reader.poll(timeout_ms=200).values():
                found += [Record(r.topic, r.partition, r.offset, r.key, r.value, r.timestamp, dict(r.headers)) for r in records]
        reader.close()
        return sorted(found, key=lambda record: (record.partition, record.offset))

    return look

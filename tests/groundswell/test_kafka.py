"""Topics that are created or checked, and a publisher that says when records are safe."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from groundswell import kafka as clients
from groundswell.errors import FatalError, PoisonError, RetryableError
from groundswell.kafka import MAX_REQUEST, Output, Publisher, Record, Topics, ensure_topics, partition_of
from groundswell.local import LocalKafka, ports
from groundswell.settings import MAX_MESSAGE_BYTES, Settings

Change = Callable[..., Settings]


@pytest.fixture
def changed(settings: Settings) -> Change:
    """The settings with others under [kafka]."""
    return lambda **values: settings.model_copy(update={"kafka": settings.kafka.model_copy(update=values)})


@pytest.fixture
def admin(kafka: LocalKafka) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    yield client
    client.close()


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    ensure_topics(settings)
    made = Publisher(settings, "test")
    yield made
    made.close()


def refusal(settings: Settings) -> str:
    with pytest.raises(FatalError) as error:
        ensure_topics(settings)
    assert "\n" not in str(error.value)
    return str(error.value)


def config(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    found: dict[str, Any] = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {name: str(one["value"]) for name, one in found["topic"][topic].items()}


def test_topics_are_created_with_their_partitions_and_configuration(settings: Settings, admin: KafkaAdminClient) -> None:
    ensure_topics(settings)
    topics = Topics(settings.kafka.topic_prefix)
    found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    wanted = {topics.texts: 2, topics.hypotheses: 2, topics.alerts: 1, topics.deadletters: 1, topics.late: 1}
    assert {name: found.get(name) for name in wanted} == wanted
    texts = config(admin, topics.texts)
    assert texts["retention.ms"] == str(7 * 24 * 3600 * 1000)
    assert texts["max.message.bytes"] == str(MAX_MESSAGE_BYTES)
    assert config(admin, topics.alerts)["cleanup.policy"] == "compact"


def test_stages_that_start_together_create_the_topics_once(settings: Settings) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ensure_topics, [settings] * 3)) == [None] * 3


def test_other_partitions_than_set_are_told_with_the_mend(settings: Settings, changed: Change) -> None:
    ensure_topics(settings)
    told = refusal(changed(partitions=5))
    assert f"topic {settings.kafka.topic_prefix}.texts has 2 partitions, wanted 5: set kafka.partitions = 2" in told


def test_topics_that_may_not_be_created_are_named(changed: Change) -> None:
    chosen = changed(create_topics=False)
    told = refusal(chosen)
    assert all(name in told for name in Topics(chosen.kafka.topic_prefix).wanted(chosen))
    assert "create them or set kafka.create_topics = true" in told


def test_alerts_that_are_not_compacted_are_refused(settings: Settings, admin: KafkaAdminClient) -> None:
    admin.create_topics({Topics(settings.kafka.topic_prefix).alerts: {"num_partitions": 1, "replication_factor": 1}})
    assert f"{settings.kafka.topic_prefix}.alerts has cleanup.policy delete: set it to compact" in refusal(settings)


def test_a_broker_that_is_down_is_told_with_what_was_tried_and_in_time(changed: Change) -> None:
    nowhere = f"127.0.0.1:{ports.free_port()}"
    started = time.monotonic()
    told = refusal(changed(bootstrap_servers=nowhere, connect_timeout=1.0))
    assert f"Kafka at {nowhere} (PLAINTEXT) did not answer within 1 s" in told
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("make", [lambda chosen: Publisher(chosen, "test"), lambda chosen: clients.consumer(chosen, "test")])
def test_every_client_tells_a_broker_that_is_down_in_one_line(changed: Change, make: Callable[[Settings], object]) -> None:
    with pytest.raises(FatalError, match="did not answer within 1 s"):
        make(changed(bootstrap_servers=f"127.0.0.1:{ports.free_port()}", connect_timeout=1.0))


def test_a_record_that_is_too_large_is_refused_and_the_publisher_lives_on(settings: Settings, publisher: Publisher) -> None:
    topic = Topics(settings.kafka.topic_prefix).late
    with pytest.raises(PoisonError, match=r"a record of 5,000,131 bytes is over the limit of 4,193,280"):
        publisher.send(Output(topic, b"key", b"x" * 5_000_000))
    publisher.publish([Output(topic, b"key", b"small")])


def test_the_largest_record_that_counts_as_fitting_is_taken(settings: Settings, publisher: Publisher) -> None:
    head = Output(Topics(settings.kafka.topic_prefix).late, b"key", b"", {"schema": b"text/1"})
    output = Output(head.topic, head.key, b"x" * (MAX_REQUEST - head.size), head.headers)
    assert output.size == MAX_REQUEST
    publisher.publish([output])


def test_a_topic_that_is_missing_is_a_passing_fault_and_the_next_try_is_heard(changed: Change) -> None:
    chosen = changed(connect_timeout=1.0)
    ensure_topics(chosen)
    publisher, topics = Publisher(chosen, "test"), Topics(chosen.kafka.topic_prefix)
    with pytest.raises(RetryableError, match="Kafka did not take the records"):
        publisher.publish([Output(f"{topics.late}.missing", b"", b"value")])
    publisher.publish([Output(topics.late, b"", b"value")])
    assert publisher.partitions(topics.texts) == 2
    publisher.close()


def test_a_closed_publisher_sends_nothing_more(settings: Settings, publisher: Publisher) -> None:
    publisher.close()
    with pytest.raises(RetryableError, match="the publisher is closed"):
        publisher.publish([Output(Topics(settings.kafka.topic_prefix).late, b"", b"value")])


def test_a_record_is_read_as_it_was_sent(settings: Settings, publisher: Publisher) -> None:
    partition = TopicPartition(Topics(settings.kafka.topic_prefix).texts, 1)
    publisher.publish([Output(partition.topic, b"key", b"value", {"schema": b"text/1", "empty": b""}, partition=1)])
    reader = clients.consumer(settings, None)
    reader.assign([partition])
    found: list[Record] = []
    while not found:
        found = [clients.record_of(one) for records in reader.poll(timeout_ms=200).values() for one in records]
    reader.close()
    (record,) = found
    assert (record.topic, record.partition, record.offset) == (partition.topic, 1, 0)
    assert (record.key, record.value, record.schema) == (b"key", b"value", "text/1")
    assert record.headers["empty"] == b""


@pytest.mark.parametrize(("key", "hashed"), [(b"21", -973932308), (b"foobar", -790332482)])
def test_a_key_has_the_partition_that_every_kafka_client_gives_it(key: bytes, hashed: int) -> None:
    """The hashes are those of murmur2 in Kafka's own tests."""
    assert [partition_of(key, many) for many in (1, 6, 7)] == [(hashed + 2**31) % many for many in (1, 6, 7)]

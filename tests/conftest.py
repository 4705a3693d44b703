"""A real broker and a real Valkey for the whole session, and settings that keep each test's topics and keys apart."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from groundswell import store
from groundswell.local import LocalKafka, LocalValkey
from groundswell.settings import ENV_PREFIX, KafkaSettings, MetricsSettings, RedisSettings, Settings

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """What the developer has set for their own use changes no test; the cache may stand elsewhere."""
    for variable in [name for name in os.environ if name.startswith(ENV_PREFIX) and name != f"{ENV_PREFIX}CACHE_DIR"]:
        del os.environ[variable]


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Wait until a condition holds; whether it did within a minute."""

    def wait(condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.02)
        return False

    return wait


@pytest.fixture(scope="session")
def cache_dir(_no_settings_from_outside: None) -> Path:
    """The user's own cache, so that Kafka's jars are fetched once and not in every session."""
    return Settings().cache_dir


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[LocalKafka]:
    """The broker that all tests share. Whoever kills it starts it again."""
    with LocalKafka(tmp_path_factory.mktemp("kafka"), cache_dir) as broker:
        yield broker


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalValkey]:
    """The Valkey that all tests share. Whoever kills it starts it again."""
    with LocalValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def settings(kafka: LocalKafka, valkey: LocalValkey, cache_dir: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings of this test alone: own topic prefix, own key prefix, two partitions, free metrics ports.

    Afterwards its topics and keys are deleted; a key without an expiry fails the test.
    """
    prefix = f"test{os.getpid()}n{next(_numbers)}"
    chosen = Settings(
        kafka=KafkaSettings(bootstrap_servers=kafka.bootstrap_servers, topic_prefix=prefix, partitions=2),
        redis=RedisSettings(url=valkey.url, prefix=prefix),
        metrics=MetricsSettings(diverger_port=0, converger_port=0, ingest_port=0, feeds_port=0, notifier_port=0),
        cache_dir=cache_dir,
        data_dir=tmp_path / "data",
    )
    yield chosen
    kafka.start()
    valkey.start()
    _delete_topics(kafka, prefix)
    if everlasting := _delete_keys(chosen.redis):
        pytest.fail(f"{len(everlasting)} keys without an expiry, among them {everlasting[:3]}")


def _delete_topics(kafka: LocalKafka, prefix: str) -> None:
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        own = [topic["name"] for topic in client.describe_topics() if topic["name"].startswith(f"{prefix}.")]
        if own:
            client.delete_topics(own)
    finally:
        client.close()


def _delete_keys(settings: RedisSettings) -> list[str]:
    """Delete the keys under the prefix; returns those that would have stayed for ever."""
    client = store.connect(settings)
    try:
        keys = list(client.scan_iter(match=f"*{settings.prefix}*", count=1000))
        # Subscriptions stay until they are ended, and are bounded in number.
        bounded = f"{settings.prefix}:notifier}}:subscriptions".encode()
        everlasting = [key.decode() for key in keys if client.ttl(key) == -1 and not key.endswith(bounded)]
        for key in keys:
            client.delete(key)
    finally:
        client.close()
    return everlasting

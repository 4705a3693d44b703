"""What `groundswell doctor` looks at, one check after the other: a fault comes with its mend, never as a traceback."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from kafka.errors import KafkaError
from redis import Redis, RedisCluster
from redis.cluster import PRIMARY
from redis.exceptions import RedisError

from groundswell import kafka, store
from groundswell.clock import Clock, SystemClock
from groundswell.errors import FatalError, GroundswellError
from groundswell.local import jars
from groundswell.settings import Settings

OLDEST_PYTHON = (3, 11)
MAX_SKEW = 2.0
"""Seconds between two clocks from which event time goes astray."""
LOW_DISK, FULL_DISK = 2 * 1024**3, 256 * 1024**2
"""Bytes free under which there is a warning, and under which nothing works for long."""


class State(StrEnum):
    """What came out of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found and, where that is not in order, how to mend it (unless ``what`` says so)."""

    name: str
    state: State
    what: str
    mend: str = ""


Packs = Callable[[], Iterable[Check]]


def checks(settings: Settings, packs: Packs, clock: Clock | None = None) -> Iterator[Check]:
    """Check everything that the stages need; ``packs`` checks the language packs, which this package does not know.

    Each check is given as soon as it is done: an unreachable Kafka takes `kafka.connect_timeout`.
    """
    yield python(sys.version_info[:3])
    yield disk(settings.data_dir, shutil.disk_usage(_existing(settings.data_dir)).free)
    yield cache(settings.cache_dir)
    yield from _guarded("packs", packs)
    yield from _guarded("kafka", lambda: _kafka(settings))
    yield from _guarded("redis", lambda: _redis(settings, clock or SystemClock()))


def _guarded(name: str, part: Packs) -> Iterator[Check]:
    try:
        yield from part()
    except (GroundswellError, KafkaError, RedisError) as error:
        yield Check(name, State.FAILED, _one_line(error))
    except Exception as error:  # noqa: BLE001 - a broken installation can raise anything, and the rest is still checked
        yield Check(name, State.FAILED, f"{type(error).__name__}: {_one_line(error)}", "reinstall groundswell")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _existing(path: Path) -> Path:
    """Return ``path`` or the nearest folder above it that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def python(version: tuple[int, ...]) -> Check:
    """Check the version of Python."""
    what = "Python " + ".".join(str(part) for part in version)
    if version < OLDEST_PYTHON:
        return Check("python", State.FAILED, what, "install Python 3.11 or later and make the environment anew")
    return Check("python", State.OK, what)


def disk(folder: Path, free: int) -> Check:
    """Check that ``free`` bytes are enough for the data folder."""
    what = f"{free / 1024**3:.1f} GiB free for {folder}"
    mend = "make room, or set data_dir to a folder on another disk"
    if free < LOW_DISK:
        return Check("disk", State.FAILED if free < FULL_DISK else State.WARNING, what, mend)
    return Check("disk", State.OK, what)


def cache(folder: Path) -> Check:
    """Check that the local stack can start without a network."""
    if jars.is_cached(folder):
        return Check("cache", State.OK, f"Kafka {jars.KAFKA_VERSION} is in {folder}")
    mend = "`groundswell up` fetches it (56 MB, needs a network); not needed with your own Kafka"
    return Check("cache", State.WARNING, f"Kafka {jars.KAFKA_VERSION} is not in {folder}", mend)


def _kafka(settings: Settings) -> Iterator[Check]:
    client = kafka.admin(settings)
    try:
        brokers = client.describe_cluster()["brokers"]
        level = ".".join(str(part) for part in client.get_broker_version_data(brokers[0]["broker_id"]).broker_version)
        partitions = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics()}
    finally:
        client.close()
    count = "1 broker" if len(brokers) == 1 else f"{len(brokers)} brokers"
    yield Check("kafka", State.OK, f"{settings.kafka.bootstrap_servers} answers: {count}, protocol {level}")
    yield topics(settings, partitions)


def topics(settings: Settings, partitions: dict[str, int]) -> Check:
    """Check the topics of these settings; ``partitions`` tells those that exist with their partitions."""
    wanted = kafka.Topics(settings.kafka.topic_prefix).wanted(settings)
    missing = [name for name in wanted if name not in partitions]
    if missing and settings.kafka.create_topics:
        return Check("topics", State.OK, f"{', '.join(missing)}: not there yet, the first stage creates them")
    only_look = settings.kafka.model_copy(update={"create_topics": False})
    try:
        kafka.ensure_topics(settings.model_copy(update={"kafka": only_look}))
    except FatalError as error:
        return Check("topics", State.FAILED, str(error))
    return Check("topics", State.OK, ", ".join(f"{name} ({partitions[name]})" for name in wanted))


def _redis(settings: Settings, clock: Clock) -> Iterator[Check]:
    client = store.connect(settings.redis)
    try:
        for server in _servers(client):
            yield from _server(server, clock)
    finally:
        client.close()


def _servers(client: store.Client) -> list[Redis]:
    """Return a client for each server that keeps data."""
    if isinstance(client, RedisCluster):
        nodes = client.nodes_manager.nodes_cache.values()
        return [client.get_redis_connection(node) for node in nodes if node.server_type == PRIMARY]
    return [client]


def _server(server: Redis, clock: Clock) -> Iterator[Check]:
    info = server.info()
    name, version = info.get("server_name", "redis"), info.get("valkey_version", info["redis_version"])
    yield Check("redis", State.OK, f"{name} {version} answers on port {info['tcp_port']}")
    yield eviction(str(info["maxmemory_policy"]), int(info["maxmemory"]))
    yield persistence(on=bool(info["aof_enabled"]))
    seconds, microseconds = server.time()
    yield skew(datetime.fromtimestamp(seconds + microseconds / 1e6, UTC), clock.now())


def eviction(policy: str, limit: int) -> Check:
    """Check that Redis throws no trends away under its memory ``limit`` (bytes, 0: none)."""
    what = f"maxmemory-policy {policy}" + (f", maxmemory {limit / 1024**2:,.0f} MiB" if limit else ", no maxmemory")
    mend = "set maxmemory-policy to noeviction: evicted trends are counts lost without a word"
    if policy.startswith("allkeys"):
        return Check("redis memory", State.FAILED, what, mend)
    # Every key of ours has an expiry, so these may be evicted too, once there is a limit.
    if policy != "noeviction" and limit:
        return Check("redis memory", State.WARNING, what, mend)
    return Check("redis memory", State.OK, what)


def persistence(*, on: bool) -> Check:
    """Check that a restart of Redis brings the trends back."""
    if on:
        return Check("redis persistence", State.OK, "the append-only file is on")
    mend = "set appendonly to yes: without it a restart may lose counts, and alerts that were told"
    return Check("redis persistence", State.WARNING, "the append-only file is off", mend)


def skew(theirs: datetime, ours: datetime) -> Check:
    """Check the clock of this machine against Redis'."""
    ahead = (ours - theirs).total_seconds()
    what = f"this machine is {abs(ahead):.1f} s {'ahead of' if ahead >= 0 else 'behind'} Redis"
    if abs(ahead) > MAX_SKEW:
        mend = "synchronise the clocks of both machines (NTP): texts would seem late, or from the future"
        return Check("clock", State.WARNING, what, mend)
    return Check("clock", State.OK, what)

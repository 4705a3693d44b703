"""The checks of `groundswell doctor`, against real servers where there is something to ask."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from groundswell import doctor
from groundswell.clock import ManualClock, SystemClock
from groundswell.doctor import Check, State
from groundswell.errors import FatalError
from groundswell.kafka import ensure_topics
from groundswell.local import LocalValkey, ports
from groundswell.settings import KafkaSettings, RedisSettings, Settings

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def good_packs() -> Iterable[Check]:
    return [Check("pack zh", State.OK, "reads its three sentences")]


def states(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in doctor.checks(settings, good_packs)}


def with_kafka(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update=changes)})


def test_all_is_well_on_the_local_stack(settings: Settings) -> None:
    ensure_topics(settings)
    found = states(settings)
    assert [check for check in found.values() if check.state is State.FAILED] == []
    assert "1 broker" in found["kafka"].what
    assert f"{settings.kafka.topic_prefix}.texts (2)" in found["topics"].what
    assert found["redis"].what.startswith("valkey 9")
    assert found["clock"].state is State.OK


def test_topics_that_a_stage_will_create_are_no_fault(settings: Settings) -> None:
    assert states(settings)["topics"].state is State.OK


def test_topics_that_nobody_may_create_are_a_fault(settings: Settings) -> None:
    found = states(with_kafka(settings, create_topics=False))["topics"]
    assert found.state is State.FAILED
    assert "kafka.create_topics" in found.what


def test_topics_with_other_partitions_are_a_fault(settings: Settings) -> None:
    ensure_topics(settings)
    found = states(with_kafka(settings, partitions=5))["topics"]
    assert found.state is State.FAILED
    assert "kafka.partitions = 2" in found.what


def test_servers_that_are_away_are_told_one_line_each_and_the_rest_is_checked(tmp_path: Path) -> None:
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=f"127.0.0.1:{ports.free_port()}", connect_timeout=0.5),
        redis=RedisSettings(url=f"redis://127.0.0.1:{ports.free_port()}", timeout=0.5),
        data_dir=tmp_path / "not" / "there",
        cache_dir=tmp_path,
    )
    found = states(settings)
    assert {name for name, check in found.items() if check.state is State.FAILED} == {"kafka", "redis"}
    assert "check that it runs" in found["kafka"].what
    assert not any("\n" in check.what + check.mend for check in found.values())


def test_every_primary_of_a_cluster_is_checked(tmp_path: Path) -> None:
    with LocalValkey(tmp_path, cluster=True, password=SecretStr("pass")) as server:
        redis = RedisSettings(url=server.url, cluster=True, password=SecretStr("pass"))
        kafka = KafkaSettings(bootstrap_servers=f"127.0.0.1:{ports.free_port()}", connect_timeout=0.5)
        found = states(Settings(redis=redis, kafka=kafka))
    assert found["redis"].state is State.OK
    assert found["redis memory"].what == "maxmemory-policy noeviction, no maxmemory"


def test_packs_that_do_not_load_are_told_in_one_line(settings: Settings) -> None:
    def broken() -> Iterable[Check]:
        raise FatalError("pack zh: no card.json in it: train it again")

    def torn() -> Iterable[Check]:
        raise ImportError("libtorch.so:\n not found")

    for packs, said in ((broken, "pack zh: no card.json"), (torn, "ImportError: libtorch.so: not found")):
        check = next(check for check in doctor.checks(settings, packs) if check.name == "packs")
        assert check.state is State.FAILED
        assert check.what.startswith(said)


def test_an_old_python_is_a_fault() -> None:
    assert doctor.python((3, 10, 4)).state is State.FAILED
    assert doctor.python((3, 11, 0)).state is State.OK


@pytest.mark.parametrize(("free", "state"), [(1024**4, State.OK), (1024**3, State.WARNING), (100 * 1024**2, State.FAILED)])
def test_a_disk_that_fills_up_is_told_before_it_is_full(free: int, state: State, tmp_path: Path) -> None:
    assert doctor.disk(tmp_path, free).state is state


@pytest.mark.parametrize(
    ("policy", "limit", "state"),
    [
        ("noeviction", 1 << 30, State.OK),
        ("volatile-lru", 0, State.OK),
        ("volatile-lru", 1 << 30, State.WARNING),
        ("allkeys-lru", 0, State.FAILED),
    ],
)
def test_a_redis_that_throws_trends_away_is_told(policy: str, limit: int, state: State) -> None:
    assert doctor.eviction(policy, limit).state is state


def test_a_redis_that_forgets_on_restart_is_a_warning() -> None:
    assert doctor.persistence(on=False).state is State.WARNING


def test_clocks_more_than_two_seconds_apart_are_a_warning(settings: Settings) -> None:
    astray = ManualClock(SystemClock().now() - timedelta(seconds=30))
    check = next(check for check in doctor.checks(settings, good_packs, astray) if check.name == "clock")
    assert check.state is State.WARNING
    assert "behind Redis" in check.what
    assert doctor.skew(NOW, NOW + timedelta(seconds=1)).state is State.OK


def test_a_cache_without_kafka_is_a_warning(tmp_path: Path) -> None:
    assert doctor.cache(tmp_path).state is State.WARNING

"""Redis: one server or a cluster, with a password or without, and its errors by type."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis, RedisCluster

from groundswell.errors import FatalError, RetryableError
from groundswell.local import LocalValkey, ports
from groundswell.settings import RedisSettings
from groundswell.store import Client, Script, connect, errors

PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalValkey]:
    """A cluster of one node, with a password."""
    with LocalValkey(tmp_path_factory.mktemp("cluster"), password=SecretStr(PASSWORD), cluster=True) as server:
        yield server


@pytest.fixture
def client(valkey: LocalValkey) -> Iterator[Client]:
    found = connect(RedisSettings(url=valkey.url))
    yield found
    found.close()


def of_cluster(server: LocalValkey, password: str = PASSWORD) -> RedisSettings:
    return RedisSettings(url=server.url, cluster=True, password=SecretStr(password), timeout=2)


def test_a_single_server_gives_bytes(client: Client) -> None:
    client.set("store-test", "值", ex=5)
    assert client.get("store-test") == "值".encode()


def test_a_cluster_with_a_password_is_found(cluster: LocalValkey) -> None:
    client = connect(of_cluster(cluster))
    try:
        assert isinstance(client, RedisCluster)
        client.set("{a}one", "1", ex=5)
        client.set("{b}two", "2", ex=5)
        assert (client.get("{a}one"), client.get("{b}two")) == (b"1", b"2")
    finally:
        client.close()


@pytest.mark.parametrize("in_cluster", [True, False])
def test_a_wrong_password_is_told_in_one_line_without_it(cluster: LocalValkey, in_cluster: bool) -> None:
    settings = of_cluster(cluster, "wrong secret").model_copy(update={"cluster": in_cluster})
    with pytest.raises(FatalError) as refused:
        connect(settings)
    said = str(refused.value)
    assert cluster.url in said
    assert "check redis.username and redis.password" in said
    assert "\n" not in said
    assert "wrong secret" not in said


@pytest.mark.parametrize("in_cluster", [True, False])
def test_a_server_that_is_away_is_told_in_one_line(in_cluster: bool) -> None:
    url = f"redis://127.0.0.1:{ports.free_port()}/0"
    began = time.monotonic()
    with pytest.raises(FatalError, match=r"did not answer .*check that it runs, and redis\.url and redis\.cluster"):
        connect(RedisSettings(url=url, timeout=0.5, cluster=in_cluster))
    assert time.monotonic() - began < 10


def test_a_script_is_sent_again_to_a_server_that_lost_it(client: Client) -> None:
    script = Script(client, "consumers.converger", "claim.lua")
    key = "store-test:{1}:epoch"
    first = script([key], [60])
    client.script_flush()
    assert type(script([key], [60])) is type(first)
    client.delete(key)


def test_a_cut_connection_may_be_tried_again(tmp_path: Path) -> None:
    with LocalValkey(tmp_path) as server:
        client = connect(RedisSettings(url=server.url, timeout=0.5))
        server.kill()
        with pytest.raises(RetryableError, match="Redis did not answer"), errors():
            client.get("x")
        client.close()


def test_a_cluster_that_went_away_may_be_tried_again(tmp_path: Path) -> None:
    with LocalValkey(tmp_path, cluster=True) as server:
        client = connect(RedisSettings(url=server.url, cluster=True, timeout=0.5))
        server.kill()
        with pytest.raises(RetryableError, match="Redis did not answer"), errors():
            client.get("x")
        client.close()


def test_a_server_without_memory_may_be_tried_again(tmp_path: Path) -> None:
    with LocalValkey(tmp_path) as server:
        client = connect(RedisSettings(url=server.url))
        client.config_set("maxmemory", "1")
        with pytest.raises(RetryableError, match="Redis cannot write now"), errors():
            client.set("x", "1")
        with pytest.raises(RetryableError, match="Redis cannot write now"), errors():
            client.eval("return redis.call('SET', KEYS[1], '1')", 1, "x")
        client.close()


def test_a_command_that_is_wrong_is_fatal(client: Client) -> None:
    assert isinstance(client, Redis)
    client.set("store-test", "1", ex=5)
    with pytest.raises(FatalError, match="Redis refused a command: WRONGTYPE"), errors():
        client.lpush("store-test", "2")

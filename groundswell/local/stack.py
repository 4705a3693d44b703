"""Kafka and Valkey together under one data folder: locked, watched, and brought back when one of them dies."""

import shutil
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Self

from rich.console import Console

from groundswell.clock import Clock, SystemClock
from groundswell.errors import FatalError
from groundswell.local.kafka import LocalKafka
from groundswell.local.lock import FolderLock
from groundswell.local.process import Service
from groundswell.local.valkey import LocalValkey
from groundswell.settings import Settings

RESTARTS = 3
"""Restarts within `RESTART_SPAN` that are tried before the stack gives up."""
RESTART_SPAN = 600.0
WATCH_INTERVAL = 0.5
LOW_DISK = 2 * 1024**3
"""Bytes free under which a warning is given."""

Say = Callable[[str], None]


def _to_terminal(line: str) -> None:
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)


class LocalStack:
    """A context manager that runs both servers; a port of None leaves that server out (the user has one).

    A server that dies unasked is started again, at most three times in ten minutes, and `say` is told in one line;
    then the stack gives up: `check` raises. Ports of 0 are free ones.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        *,
        kafka_port: int | None = 0,
        valkey_port: int | None = 0,
        say: Say = _to_terminal,
        clock: Clock | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.kafka = None if kafka_port is None else LocalKafka(self.folder / "kafka", cache, kafka_port, clock=clock)
        self.valkey = None if valkey_port is None else LocalValkey(self.folder / "valkey", valkey_port, clock=clock)
        self._services: list[Service] = [service for service in (self.valkey, self.kafka) if service is not None]
        self._say = say
        self._clock = clock or SystemClock()
        self._lock = FolderLock(self.folder)
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._failure: FatalError | None = None

    def settings(self, settings: Settings) -> Settings:
        """`settings` with the addresses of the servers that run here."""
        kafka, redis = settings.kafka, settings.redis
        if self.kafka:
            kafka = kafka.model_copy(
                update={
                    "bootstrap_servers": self.kafka.bootstrap_servers,
                    "security_protocol": "PLAINTEXT",
                    "sasl_mechanism": None,
                    "replication": 1,
                    "create_topics": True,
                }
            )
        if self.valkey:
            redis = redis.model_copy(update={"url": self.valkey.url, "cluster": False, "username": None, "password": None})
        return settings.model_copy(update={"kafka": kafka, "redis": redis})

    def start(self) -> None:
        """Lock the folder, start what belongs to the stack, and watch it. FatalError in one line otherwise."""
        if note := self._lock.take():
            self._say(note)
        try:
            self._warn_of_full_disk()
            for service in self._services:
                service.start()
                self._note_children()
        except BaseException:
            self.stop()
            raise
        self._closing.clear()
        self._watcher = threading.Thread(target=self._watch, name="stack", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop the servers in order, Kafka first, and free the folder."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        for service in reversed(self._services):
            service.stop()
        self._lock.free()

    def check(self) -> None:
        """Raise FatalError in one line when the stack has given a server up."""
        if self._failure:
            raise self._failure

    def _watch(self) -> None:
        restarts = {service.name: deque[float](maxlen=RESTARTS) for service in self._services}
        while not self._closing.wait(WATCH_INTERVAL):
            for service in self._services:
                if death := service.death():
                    self._revive(service, death, restarts[service.name])
            if self._failure:
                return

    def _revive(self, service: Service, death: str, restarts: deque[float]) -> None:
        now = self._clock.monotonic()
        if len(restarts) == RESTARTS and now - restarts[0] < RESTART_SPAN:
            self._failure = FatalError(
                f"{service.name} ended again ({death}) after {RESTARTS} restarts: its log is under {service.folder}"
            )
            return
        restarts.append(now)
        self._say(f"{service.name} ended ({death}): restart {len(restarts)} of {RESTARTS}")
        try:
            service.start()
        except FatalError as error:
            self._failure = error
            return
        self._note_children()
        self._say(f"{service.name} is back")

    def _note_children(self) -> None:
        self._lock.write([service.pid for service in self._services if service.running()])

    def _warn_of_full_disk(self) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < LOW_DISK:
            self._say(f"only {free / 1024**2:,.0f} MiB are free under {self.folder}: Kafka stops when the disk is full")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

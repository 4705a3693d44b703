"""The converger while connections to the store are cut after a script has run and before its answer has come."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from groundswell import store
from groundswell.kafka import Record
from groundswell.messages import Message

Line = Callable[..., list[Record]]


class Cutter:
    """A proxy before a server: of every so many script calls, one is passed on and its answer kept back for good."""

    def __init__(self, url: str, every: int) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname or "", parts.port or 0)
        self._every = every
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.calls = 0
        self.cuts = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        """Pass bytes on, one request and its answer at a time."""
        with client, socket.create_connection(self._upstream) as upstream, contextlib.suppress(OSError):
            client.settimeout(10)
            answers = threading.Thread(target=self._answer, args=(upstream, client))
            answers.start()
            while data := client.recv(1 << 20):
                if b"EVALSHA" in data:
                    self.calls += 1
                    if self.calls % self._every == 0:
                        self.cuts += 1
                        client.shutdown(socket.SHUT_WR)  # the answer finds nobody
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)
            answers.join()

    def _answer(self, upstream: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := upstream.recv(1 << 20):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop; every connection must have been closed by its client."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(15)


@pytest.fixture
def cutter(stored: Any) -> Iterator[Cutter]:
    proxy = Cutter(stored.settings.redis.url, every=5)
    yield proxy
    proxy.close()


def test_connections_cut_after_the_script_ran_change_neither_trends_nor_alerts(
    stored: Any, other: Any, surge: list[Message], line: Line, drive: Any, cutter: Cutter
) -> None:
    client = store.connect(stored.settings.redis.model_copy(update={"url": cutter.url}))
    calm = drive(other, line(surge))
    run = drive(stored, line(surge), client=client)
    client.close()
    assert cutter.cuts > 5
    assert run.fenced > 2
    assert stored.trends() == other.trends()
    assert run.once() == calm.once()

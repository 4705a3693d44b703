"""The notifier as a process that is killed again and again while it tells many receivers of many alerts."""

import os
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.settings import ENV_PREFIX, NotifierSettings, Settings
from groundswell.supervise import environment

pytestmark = pytest.mark.timeout(230)
ALERTS, SUBSCRIPTIONS, KILLS = 500, 20, 5
MANY = ALERTS * SUBSCRIPTIONS
PATIENCE = 180.0


class Counting(socketserver.ThreadingTCPServer):
    """Takes every request and counts it by path and idempotency key: a bare one, since it gets ten thousand."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: Counter[tuple[str, str]] = Counter()


class Handler(socketserver.StreamRequestHandler):
    """One request a connection."""

    server: Counting

    def handle(self) -> None:
        path = self.rfile.readline().split(b" ")[1].decode()
        headers = {}
        while (line := self.rfile.readline().strip()) and b":" in line:
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        self.rfile.read(int(headers.get("content-length", 0)))
        self.server.told[path, headers["webhook-id"]] += 1
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@pytest.fixture
def counting() -> Iterator[Counting]:
    with Counting() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def notifier(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, killed at the end of the block."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    command = [sys.executable, "-m", "groundswell", "run", "notifier"]
    with (
        log.open("ab") as said,
        subprocess.Popen(
            command, env=outside | environment(settings), stdin=subprocess.DEVNULL, stdout=said, stderr=said
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def wait(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, log.read_text("utf-8")[-2000:]
        assert time.monotonic() < deadline, log.read_text("utf-8")[-2000:]
        time.sleep(0.02)


def test_five_kills_lose_nothing_and_repeat_only_under_the_same_key(
    room: Any, subscription_of: Any, alert_of: Any, counting: Counting, tmp_path: Path
) -> None:
    fast = NotifierSettings(workers=SUBSCRIPTIONS, lease=2, allow_private=True)
    settings = room.settings.model_copy(update={"notifier": fast})
    ensure_topics(settings)
    for number in range(SUBSCRIPTIONS):
        url = f"http://127.0.0.1:{counting.server_address[1]}/{number}"
        room.subscriptions.add(subscription_of(f"desk{number}", url=url), replace=False)
    publisher = Publisher(settings, "test")
    topic = Topics(settings.kafka.topic_prefix).alerts
    publisher.publish([Output.of(topic, f"a{number}", alert_of(f"a{number}")) for number in range(ALERTS)])
    publisher.close()
    log = tmp_path / "notifier.log"
    for kill in range(1, KILLS + 1):
        with notifier(settings, log) as process:
            wait(lambda kill=kill: len(counting.told) >= kill * MANY // (KILLS + 1), process, log)  # type: ignore[misc]
    with notifier(settings, log) as process:
        wait(lambda: len(counting.told) >= MANY and room.deliveries.waiting() == 0, process, log)
    paths = Counter(path for path, _ in counting.told)
    assert paths == {f"/{number}": ALERTS for number in range(SUBSCRIPTIONS)}
    assert len({key for _, key in counting.told}) == MANY
    assert sum(counting.told.values()) - MANY <= KILLS * SUBSCRIPTIONS

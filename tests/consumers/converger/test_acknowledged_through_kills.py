"""Converger and notifier as processes: an acknowledgement is told once, though the converger is killed as it takes it."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumers.converger.acknowledgements import Acknowledgements, Found
from consumers.notifier.channels.signature import new_secret
from consumers.notifier.store import Subscriptions
from consumers.notifier.subscription import Subscription
from groundswell import store
from groundswell.errors import FatalError
from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.messages import Acknowledgement, AlertState, Message, Severity
from groundswell.settings import ENV_PREFIX, NotifierSettings, Settings
from groundswell.supervise import environment
from tests.receiver import receiving

pytestmark = pytest.mark.timeout(300)
PATIENCE = 90.0
BY = Acknowledgement(by="mei", at=datetime(2024, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def alone(settings: Settings) -> Settings:
    """Settings with one partition, a member that is back at once after a kill, and receivers on this machine."""
    kafka = settings.kafka.model_copy(update={"partitions": 1})
    loop = settings.loop.model_copy(update={"member": "one"})
    made = settings.model_copy(update={"kafka": kafka, "loop": loop, "notifier": NotifierSettings(allow_private=True)})
    ensure_topics(made)
    return made


@contextmanager
def running(stage: str, settings: Settings, log: Path) -> Iterator[None]:
    """A stage as a process of its own, killed at the end of the block."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    command = [sys.executable, "-m", "groundswell", "run", stage]
    with (
        log.open("ab") as said,
        subprocess.Popen(command, env=outside | environment(settings), stdin=subprocess.DEVNULL, stderr=said) as process,
    ):
        try:
            yield
        finally:
            process.kill()


def wait(condition: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, log.read_text("utf-8")[-3000:]
        time.sleep(0.005)


def subscription(url: str) -> Subscription:
    target = {"type": "webhook", "url": url, "secret": new_secret()}
    return Subscription.model_validate({"name": "desk", "target": target, "created_at": BY.at})


def critical(asked: Acknowledgements) -> Found | None:
    """The alert once it is critical."""
    try:
        found = asked.find("")
    except FatalError:
        return None
    return found if (found.alert.severity, found.alert.state) == (Severity.CRITICAL, AlertState.FIRING) else None


def test_an_acknowledgement_is_told_once_though_the_converger_is_killed_as_it_takes_it(
    alone: Settings, surge: list[Message], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    topics = Topics(alone.kafka.topic_prefix)
    client = store.connect(alone.redis)
    asked = Acknowledgements(client, alone)
    publisher = Publisher(alone, "test")

    def publish(messages: list[Message]) -> None:
        publisher.publish([Output.of(topics.hypotheses, "acme", message) for message in messages])

    with receiving() as desk, running("notifier", alone, log):
        Subscriptions(client, alone.redis.prefix).add(subscription(desk.url), replace=False)
        publish(surge[:-3])
        with running("converger", alone, log):
            wait(lambda: critical(asked), log)
            found = critical(asked)
            assert found is not None
            asked.ask(found, BY)
            wait(lambda: asked.find("").alert.acknowledgement, log)  # stored, and the next moment killed
        with running("converger", alone, log):
            wait(lambda: not asked.waits(found), log)
            publish(surge[-3:])
            wait(lambda: any(one.headers["groundswell-occasion"] == "resolved" for one in desk.told), log)
        occasions = Counter(one.headers["groundswell-occasion"] for one in desk.told)
    publisher.close()
    client.close()
    assert (occasions["firing"], occasions["acknowledged"], occasions["resolved"]) == (1, 1, 1)

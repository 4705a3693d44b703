"""The code in the documents on webhooks, run as it stands there, takes what the channel sends."""

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from consumers.notifier.channels.base import RefusedError
from consumers.notifier.channels.signature import new_secret
from consumers.notifier.channels.webhook import WebhookChannel
from consumers.notifier.notification import Notification, sample
from consumers.notifier.subscription import Subscription, WebhookTarget
from groundswell.clock import ManualClock
from groundswell.local import ports
from groundswell.settings import NotifierSettings

DOCS = Path(__file__).parents[3] / "docs"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = NotifierSettings(allow_private=True)
SECRET = new_secret()
Line = Callable[[], str]


@pytest.fixture(scope="module", params=["webhooks.md", "webhooks.zh-CN.md"])
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Notification, Line]]:
    """A test message to the receiver of a document, which runs; and a call that gives the next line it prints."""
    folder = tmp_path_factory.mktemp("receiver")
    verify, serve = re.findall(r"```python\n(.*?)```", (DOCS / request.param).read_text("utf-8"), re.DOTALL)
    (folder / "verify.py").write_text(verify, "utf-8")
    (folder / "receiver.py").write_text(serve, "utf-8")
    port = str(ports.free_port())
    environment = os.environ | {"WEBHOOK_SECRET": SECRET.get_secret_value()}
    lines: Queue[str] = Queue()
    with subprocess.Popen(
        [sys.executable, "receiver.py", port],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        reader = Thread(target=deque, args=(map(lines.put, process.stdout), 0))
        reader.start()
        assert lines.get(timeout=20) == f"listening on http://127.0.0.1:{port}\n"
        yield notification(f"http://127.0.0.1:{port}/"), lambda: lines.get(timeout=20)
        process.kill()
        reader.join()


def notification(url: str) -> Notification:
    target = WebhookTarget.model_validate({"url": url, "secret": SECRET})
    return sample(Subscription(name="try", id="t1", target=target, created_at=NOW), NOW)


def test_the_receiver_of_the_document_takes_a_notification_once(receiver: tuple[Notification, Line]) -> None:
    message, line = receiver
    another = replace(message, key="another")

    assert [WebhookChannel(HERE).deliver(one) for one in (message, message, another)] == ["answered 204"] * 3

    assert line() == line() == "test info Test message of Groundswell, not a real alert\n"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_it_refuses_what_was_sent_at_another_time(receiver: tuple[Notification, Line], minutes: int) -> None:
    clock = ManualClock(datetime.now(UTC) + timedelta(minutes=minutes))

    with pytest.raises(RefusedError, match="answered 401"):
        WebhookChannel(HERE, clock).deliver(receiver[0])


def test_it_refuses_what_another_secret_signed(receiver: tuple[Notification, Line]) -> None:
    subscription = receiver[0].subscription
    target = subscription.target.model_copy(update={"secret": new_secret()})

    with pytest.raises(RefusedError, match="answered 401"):
        WebhookChannel(HERE).deliver(replace(receiver[0], subscription=subscription.model_copy(update={"target": target})))

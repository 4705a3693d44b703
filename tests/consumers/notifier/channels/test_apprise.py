"""What Apprise is asked to send, what it is not asked, and what it does not tell."""

import contextlib
import email
import email.policy
import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

import pytest
from pydantic import SecretStr

from consumers.notifier import message
from consumers.notifier.channels import channels, shown
from consumers.notifier.channels.apprise import AppriseChannel
from consumers.notifier.channels.base import NotTakenError, RefusedError
from consumers.notifier.notification import Notification, Occasion
from consumers.notifier.subscription import AppriseTarget
from groundswell.settings import NotifierSettings, Settings

HERE = NotifierSettings(allow_private=True)
PUBLIC = "93.184.215.14"
TOKEN = "AbCdEf0123456s3cret"
Told = Callable[..., Notification]


@pytest.fixture
def gotify(receiver: Any) -> str:
    """An Apprise URL of a chat on this machine."""
    receiver.status = 200
    return f"gotify://{receiver.url.split('/')[2]}/{TOKEN}"


def test_each_channel_is_found_by_the_type_of_its_targets() -> None:
    assert {name: channel.name for name, channel in channels(Settings()).items()} == {
        "webhook": "webhook",
        "apprise": "apprise",
    }


@pytest.mark.parametrize("occasion", [Occasion.FIRING, Occasion.TEST, Occasion.ACKNOWLEDGED, Occasion.RESOLVED])
def test_a_chat_gets_title_and_body(told: Told, receiver: Any, gotify: str, occasion: Occasion) -> None:
    notification = told(gotify, apprise=True, occasion=occasion)

    assert AppriseChannel(HERE).deliver(notification) == "taken"

    sent = json.loads(receiver.requests[0][2])
    assert (sent["title"], sent["message"]) == (message.title(notification), message.body(notification))


def test_a_mail_keeps_the_lines_of_the_body(told: Told) -> None:
    with Mailbox() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com"
        notification = told(url, apprise=True)
        AppriseChannel(HERE).deliver(notification)

    assert mailbox.text.splitlines() == message.body(notification).splitlines()


@pytest.mark.parametrize("status", [401, 500])
def test_what_a_chat_does_not_take_is_tried_again(told: Told, receiver: Any, gotify: str, status: int) -> None:
    receiver.status = status

    with pytest.raises(NotTakenError, match=r"^gotify did not take it$"):
        AppriseChannel(HERE).deliver(told(gotify, apprise=True))

    assert len(receiver.requests) == 1


def test_a_redirect_is_not_followed_even_where_the_url_asks_for_it(told: Told, receiver: Any, gotify: str) -> None:
    receiver.status = 307
    receiver.answer_headers = {"Location": "/elsewhere"}

    with pytest.raises(NotTakenError):
        AppriseChannel(HERE).deliver(told(f"{gotify}?redirect=yes&retry=3", apprise=True))

    assert len(receiver.requests) == 1


def test_a_chat_that_does_not_answer_is_given_up_at_the_deadline(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"gotify://127.0.0.1:{silent.getsockname()[1]}/{TOKEN}"
        with pytest.raises(NotTakenError, match=r"gotify(: no answer within 0\.75 s| did not take it)"):
            AppriseChannel(NotifierSettings(allow_private=True, deadline=0.3)).deliver(told(url, apprise=True))


def test_nothing_is_sent_while_the_try_before_is_not_over(told: Told) -> None:
    channel = AppriseChannel(NotifierSettings(allow_private=True, deadline=4.0))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notification = told(f"gotify://127.0.0.1:{silent.getsockname()[1]}/{TOKEN}", apprise=True)

        def first() -> None:
            with contextlib.suppress(NotTakenError):
                channel.deliver(notification)

        thread = threading.Thread(target=first)
        thread.start()
        silent.accept()[0].close()
        thread.join()
        thread = threading.Thread(target=first)
        thread.start()
        caller, _ = silent.accept()
        with pytest.raises(NotTakenError, match="the try before is not over yet"):
            channel.deliver(notification)
        caller.close()
        thread.join()


@pytest.mark.parametrize(
    "url", ["tgram://123456789:abcdefg_hijklmnop/12315544/99315544", "mailto://u:p@example.com?to=a@example.org,b@example.org"]
)
def test_a_url_of_several_receivers_is_refused(told: Told, url: str) -> None:
    with pytest.raises(RefusedError, match="names 2 receivers: subscribe once for each of them"):
        AppriseChannel(HERE).check(told(url, apprise=True).subscription)


@pytest.mark.parametrize("status", [200, 500])
def test_no_token_comes_into_a_log(
    told: Told, receiver: Any, gotify: str, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.NOTSET)
    receiver.status = status

    with contextlib.suppress(NotTakenError):
        AppriseChannel(HERE).deliver(told(gotify, apprise=True))

    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "url",
    [
        f"gotify://127.0.0.1/{TOKEN}",
        f"gotify://[::1]:8080/{TOKEN}",
        f"bark://0x7f000001/{TOKEN}",
        f"mmost://localhost/{TOKEN}",
        "mailto://user:s3cret@example.com?smtp=10.0.0.25",
        f"nostr://{'a' * 64}/?relay=192.168.0.4",
    ],
)
def test_a_private_host_is_refused_when_subscribing_and_when_telling(told: Told, url: str) -> None:
    channel = AppriseChannel(NotifierSettings())

    with pytest.raises(RefusedError, match=r"notifier\.allow_private"):
        channel.check(told(url, apprise=True).subscription)
    with pytest.raises(RefusedError, match=r"notifier\.allow_private"):
        channel.deliver(told(url, apprise=True))


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "dingtalk://abcdefabcdef",
        "feishu://abcdefabcdefabcdef",
        "wecombot://abcdefg-1234-1234-1234-123456789012",
        f"discord://1234567890/{TOKEN}",
        "ntfy://a-topic",
    ],
)
def test_a_token_in_the_place_of_a_host_is_looked_up_nowhere(told: Told, url: str) -> None:
    looked_up: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return [PUBLIC]

    AppriseChannel(NotifierSettings(), resolver=lookup).check(told(url, apprise=True).subscription)

    assert looked_up == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("json://example.com/s3cret", "use --webhook"),
        ("forms://user:s3cret@example.com/", "use --webhook"),
        ("XML://example.com/s3cret", "use --webhook"),
        ("syslog://s3cret", "machine of the notifier"),
        ("dbus://s3cret", "machine of the notifier"),
        ("pidgeon://s3cret", "cannot read this pidgeon:// URL"),
        ("slack://s3cret", "cannot read this slack:// URL"),
        ("s3cret", "begins with its service"),
    ],
)
def test_a_url_that_reaches_nobody_is_refused_by_its_scheme_alone(told: Told, url: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said) as caught:
        AppriseChannel(HERE).check(told(url, apprise=True).subscription)

    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mailto://user:s3cret@gmail.com", "mailto://smtp.gmail.com/…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack://…"),
        (f"gotifys://push.example.com/{TOKEN}", "gotifys://push.example.com/…"),
        ("s3cret", "…"),
    ],
)
def test_lists_show_scheme_and_host_and_no_token(url: str, said: str) -> None:
    assert shown(AppriseTarget(url=SecretStr(url))) == said


class Mailbox:
    """A mail server of one letter."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port = self._listener.getsockname()[1]
        self.text = ""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        caller, _ = self._listener.accept()
        caller.settimeout(10)
        with caller, caller.makefile("rb") as lines:
            caller.sendall(b"220 ready\r\n")
            for line in lines:
                if line.upper().startswith(b"DATA"):
                    caller.sendall(b"354 go on\r\n")
                    letter = b"".join(iter(lines.readline, b".\r\n"))
                    parts = email.message_from_bytes(letter, policy=email.policy.default).walk()
                    self.text = "".join(part.get_content() for part in parts if not part.is_multipart())
                caller.sendall(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
                if line.upper().startswith(b"QUIT"):
                    return

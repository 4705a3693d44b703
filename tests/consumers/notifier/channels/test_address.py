"""Where nothing is sent: private addresses, however they are written, and names that come to stand for them."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from consumers.notifier.channels.base import NotTakenError, RefusedError
from consumers.notifier.channels.webhook import WebhookChannel
from consumers.notifier.notification import Notification
from groundswell.settings import NotifierSettings

PUBLIC = "93.184.215.14"
Told = Callable[..., Notification]


@pytest.fixture(scope="session")
def strict() -> WebhookChannel:
    """Private addresses refused, as from the factory."""
    return WebhookChannel(NotifierSettings())


PRIVATE = [
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://169.254.169.254/latest/meta-data",
    "https://10.0.0.7:8443/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_when_subscribing_and_when_telling(strict: WebhookChannel, told: Told, url: str) -> None:
    with pytest.raises(RefusedError, match=r"notifier\.allow_private"):
        strict.check(told(url).subscription)
    with pytest.raises(RefusedError, match=r"notifier\.allow_private"):
        strict.deliver(told(url))


def test_one_private_address_among_public_ones_is_enough_to_refuse(told: Told) -> None:
    channel = WebhookChannel(NotifierSettings(), resolver=lambda _host, _port: [PUBLIC, "10.0.0.1"])

    with pytest.raises(RefusedError, match="private"):
        channel.deliver(told("https://mixed.example/"))


def test_a_name_that_turns_private_after_the_check_is_not_connected_to(told: Told, receiver: Any) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    channel = WebhookChannel(NotifierSettings(), resolver=lambda _host, _port: next(answers))
    notification = told(receiver.url.replace("127.0.0.1", "rebind.example"))
    channel.check(notification.subscription)

    with pytest.raises(RefusedError, match="private"):
        channel.deliver(notification)

    assert receiver.requests == []


def test_a_name_that_does_not_resolve_yet_may_be_subscribed(told: Told) -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    channel = WebhookChannel(NotifierSettings(), resolver=unknown)
    channel.check(told("https://soon.example/").subscription)

    with pytest.raises(NotTakenError, match=r"soon\.example: the name does not resolve"):
        channel.deliver(told("https://soon.example/"))


def test_a_name_in_any_script_is_looked_up_as_the_resolver_knows_it(told: Told) -> None:
    looked_up: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["10.0.0.1"]

    channel = WebhookChannel(NotifierSettings(), resolver=lookup)
    for act in (lambda one: channel.check(one.subscription), channel.deliver):
        with pytest.raises(RefusedError, match="private"):
            act(told("https://例子.example/"))

    assert looked_up == ["xn--fsqu00a.example"] * 2

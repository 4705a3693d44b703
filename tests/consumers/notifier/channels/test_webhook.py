"""What a webhook's receiver gets, what its answers mean, and which URLs are none."""

import base64
import email.utils
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from consumers.notifier.channels.base import NotTakenError, RefusedError
from consumers.notifier.channels.signature import new_secret
from consumers.notifier.channels.webhook import WebhookChannel, shown
from consumers.notifier.notification import Notification
from consumers.notifier.subscription import WebhookTarget
from groundswell.clock import ManualClock
from groundswell.settings import NotifierSettings

HERE = NotifierSettings(allow_private=True)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "93.184.215.14"
Told = Callable[..., Notification]


@pytest.fixture(scope="session")
def channel() -> WebhookChannel:
    """Private addresses allowed."""
    return WebhookChannel(HERE)


@pytest.fixture(scope="session")
def strict() -> WebhookChannel:
    """Private addresses refused, as from the factory."""
    return WebhookChannel(NotifierSettings())


def test_the_body_is_the_alert_as_it_stands_on_the_wire(channel: WebhookChannel, told: Told, receiver: Any) -> None:
    notification = told(receiver.url)

    answer = channel.deliver(notification)

    assert answer == "answered 204"
    path, headers, body = receiver.requests[0]
    assert path == "/hook?token=t0ken"
    assert body == notification.alert.to_wire()
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == headers["webhook-id"] == notification.key
    assert headers["Groundswell-Occasion"] == "firing"
    assert headers["Groundswell-Schema"] == "alert/1"
    assert headers["User-Agent"].startswith("groundswell/")
    assert headers["Host"] == receiver.url.split("/")[2]


def test_another_library_verifies_the_signature(channel: WebhookChannel, told: Told, receiver: Any) -> None:
    secret = new_secret().get_secret_value()

    channel.deliver(told(receiver.url, secret=secret))

    _, headers, body = receiver.requests[0]
    assert Webhook(secret).verify(body, headers)["id"] == "a1"


def test_a_new_secret_is_32_random_bytes() -> None:
    first, second = (new_secret().get_secret_value() for _ in range(2))

    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_receiver_that_cannot_now_is_asked_again(channel: WebhookChannel, told: Told, receiver: Any, status: int) -> None:
    receiver.status = status

    with pytest.raises(NotTakenError, match=f"127.0.0.1 answered {status}$"):
        channel.deliver(told(receiver.url))


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_receiver_that_will_not_is_left_alone(channel: WebhookChannel, told: Told, receiver: Any, status: int) -> None:
    receiver.status = status

    with pytest.raises(RefusedError, match=f"127.0.0.1 answered {status}$"):
        channel.deliver(told(receiver.url))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_not_followed(channel: WebhookChannel, told: Told, receiver: Any, status: int) -> None:
    receiver.status = status
    receiver.answer_headers = {"Location": receiver.url}

    with pytest.raises(RefusedError, match="a redirect, which is not followed"):
        channel.deliver(told(receiver.url))

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("999999", 999_999.0),
        ("soon", None),
        ("-3", None),
        ("Mon, 02 Mar 2026 12:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 12:01:30 -0000", 90.0),
    ],
)
def test_a_pause_that_the_receiver_asks_for_is_told(told: Told, receiver: Any, header: str, seconds: float | None) -> None:
    receiver.status = 429
    receiver.answer_headers = {"Retry-After": header}

    with pytest.raises(NotTakenError) as caught:
        WebhookChannel(HERE, ManualClock(datetime(2026, 3, 2, 12, tzinfo=UTC))).deliver(told(receiver.url))

    assert caught.value.retry_after == seconds


def test_a_date_in_the_past_asks_for_no_pause(channel: WebhookChannel, told: Told, receiver: Any) -> None:
    receiver.status = 503
    receiver.answer_headers = {"Retry-After": email.utils.format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)}

    with pytest.raises(NotTakenError) as caught:
        channel.deliver(told(receiver.url))

    assert caught.value.retry_after == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com/x-s3cret", "begins with https://"),
        ("file:///etc/s3cret", "begins with https://"),
        ("https:///s3cret", "names no host"),
        ("s3cret", "begins with https://"),
        ("https://user:s3cret@example.com/", "no user and password"),
        ("https://127.0.0.1\\@example.com/s3cret", "no user and password"),
        ("http://0177.0.0.1/s3cret", "write https://host/path"),
        ("http://１２７.０.０.１/s3cret", "write https://host/path"),
        ("https://a b/s3cret", "names no host"),
        ("https://example.com:0/s3cret", "0 is no port"),
    ],
)
def test_a_url_that_nothing_can_be_sent_to_is_refused_in_one_line(
    strict: WebhookChannel, told: Told, url: str, said: str
) -> None:
    with pytest.raises(RefusedError, match=said) as caught:
        strict.check(told(url).subscription)

    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["s3cret", "whsec_", "whsec_s3cret", "whsec_###s3cret###", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_a_bad_secret_is_refused_without_being_shown(strict: WebhookChannel, told: Told, secret: str) -> None:
    with pytest.raises(RefusedError, match="whsec_ and base64") as caught:
        strict.check(told(f"https://{PUBLIC}/", secret=secret).subscription)

    assert secret not in str(caught.value).replace("whsec_ and", "")


def test_lists_show_scheme_and_host_alone() -> None:
    url = SecretStr("https://hooks.example.com:8443/services/s3cret?token=s3cret")

    assert shown(WebhookTarget(url=url, secret=SecretStr(SECRET))) == "https://hooks.example.com:8443/…"

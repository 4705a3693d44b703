"""The channel ``webhook``: an alert as JSON to an HTTP endpoint, signed as the Standard Webhooks specification says.

A URL is a stranger's word. The address that was checked is the one connected to, certificates are verified, redirects are
not followed, proxies of the environment not used, and of the answer only its status and Retry-After are looked at.
"""

import ssl
from importlib.metadata import version
from typing import ClassVar

import httpcore
import httpx

from consumers.notifier.channels.address import Addresses, Resolver
from consumers.notifier.channels.base import Channel, NotTakenError, RefusedError
from consumers.notifier.channels.connection import Deadline, PinnedBackend
from consumers.notifier.channels.signature import key_of, sign
from consumers.notifier.notification import Notification
from consumers.notifier.subscription import Subscription, WebhookTarget
from groundswell.address import resolve
from groundswell.clock import Clock, SystemClock
from groundswell.messages import Alert
from groundswell.retry_after import seconds_asked
from groundswell.settings import NotifierSettings

Headers = dict[bytes | str, bytes | str]
PORTS = {"http": 80, "https": 443}
BUSY = frozenset({408, 425, 429})
"""Statuses below 500 that say: not now."""


class WebhookChannel(Channel):
    """Tells HTTP endpoints; a connection of its own for each delivery."""

    name: ClassVar[str] = "webhook"

    def __init__(
        self,
        settings: NotifierSettings,
        clock: Clock | None = None,
        resolver: Resolver = resolve,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds = settings.deadline
        self._addresses = Addresses(settings.allow_private, resolver)
        self._clock = clock or SystemClock()
        self._certificates = certificates or httpx.create_ssl_context()
        self._agent = f"groundswell/{version('groundswell')}"

    def deliver(self, notification: Notification) -> str:
        """POST the alert; returns ``answered`` and the status. Raises as Channel.deliver says."""
        target = _target(notification.subscription)
        url = _endpoint(target)
        body = notification.alert.to_wire()
        try:
            status, retry_after = self._post(url, self._headers(notification, target, body, url), body)
        except httpcore.TimeoutException:
            raise NotTakenError(f"{url.host}: no answer within {self._seconds:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NotTakenError(f"{url.host}: {_failure(error)}") from None
        return self._judge(url.host, status, retry_after)

    def check(self, subscription: Subscription) -> None:
        """Raise RefusedError for a bad URL or secret, and for a host that stands on a private address now."""
        target = _target(subscription)
        url = _endpoint(target)
        try:
            key_of(target.secret)
        except ValueError as error:
            raise RefusedError(f"{url.host}: {error}") from None
        self._addresses.check(url.raw_host.decode("ascii"), url.port or PORTS[url.scheme], self._seconds)

    def _headers(self, notification: Notification, target: WebhookTarget, body: bytes, url: httpx.URL) -> Headers:
        timestamp = int(self._clock.now().timestamp())
        try:
            signature = sign(target.secret, notification.key, timestamp, body)
        except ValueError as error:
            raise RefusedError(f"{url.host}: {error}") from None
        return {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self._agent,
            "Content-Type": "application/json",
            "webhook-id": notification.key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
            "Idempotency-Key": notification.key,
            "Groundswell-Occasion": notification.occasion.value,
            "Groundswell-Schema": Alert.schema_name,
        }

    def _post(self, url: httpx.URL, headers: Headers, body: bytes) -> tuple[int, str | None]:
        """The status and Retry-After of the answer; its body is not read."""
        place = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port or PORTS[url.scheme], target=url.raw_path)
        backend = PinnedBackend(self._addresses, Deadline(self._clock, self._seconds))
        with (
            httpcore.HTTPConnection(place.origin, ssl_context=self._certificates, network_backend=backend) as connection,
            connection.stream("POST", place, headers=headers, content=body) as response,
        ):
            given = (value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after")
            return response.status, next(given, None)

    def _judge(self, host: str, status: int, retry_after: str | None) -> str:
        if 200 <= status < 300:
            return f"answered {status}"
        if status in BUSY or status >= 500:
            raise NotTakenError(f"{host} answered {status}", seconds_asked(retry_after, self._clock))
        if 300 <= status < 400:
            raise RefusedError(f"{host} answered {status}, a redirect, which is not followed: subscribe with the final URL")
        raise RefusedError(f"{host} answered {status}")


def shown(target: WebhookTarget) -> str:
    """``target`` for lists: scheme and host, since a path may be a secret."""
    try:
        url = _endpoint(target)
    except RefusedError:
        return "webhook"
    return f"{url.scheme}://{url.netloc.decode('ascii')}/…"


def _target(subscription: Subscription) -> WebhookTarget:
    if not isinstance(subscription.target, WebhookTarget):
        raise RefusedError(f"subscription {subscription.name} names no webhook")
    return subscription.target


def _endpoint(target: WebhookTarget) -> httpx.URL:
    """The URL of ``target`` in parts, its host without a final dot; raises RefusedError where nothing can be sent there."""
    try:
        url = httpx.URL(target.url.get_secret_value())
        host = url.host.rstrip(".")
        port = url.port
    except (httpx.InvalidURL, ValueError):
        raise RefusedError("the webhook's URL is none: write https://host/path") from None
    if url.scheme not in PORTS:
        raise RefusedError("a webhook's URL begins with https:// or http://")
    if not host or "%" in host:
        raise RefusedError("the webhook's URL names no host: write https://host/path")
    if url.userinfo:
        raise RefusedError(f"{host}: a webhook's URL holds no user and password; leave them out, notifications are signed")
    if port is not None and not 0 < port < 65536:
        raise RefusedError(f"{host}: {port} is no port")
    return url.copy_with(host=host)


def _failure(error: Exception) -> str:
    """What went wrong, in a few words that come from the system and not from the receiver."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return "no TLS connection"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    if isinstance(error, httpcore.ProtocolError):
        return "broke off, or does not speak HTTP"
    return "the connection broke"

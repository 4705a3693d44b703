"""The channel ``apprise``: a message in words to a mailbox or a chat, by the library Apprise.

Apprise makes its own connections, so the check that a receiver's host is no private one is not pinned to the address that it
then connects to, as a webhook's is: who may add Apprise URLs is trusted that far. Redirects are not followed, nothing is
read from or kept on disk, and certificates are verified unless the URL says ``verify=no``. Proxies of the environment are used,
and then it is the proxy that looks the host up.

Apprise tells success from failure and no more; why something failed it says to its log, with parts of URLs in it. So every
failure counts as passing, and its log is switched off.
"""

import logging
import re
import threading
from typing import ClassVar
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.common import OverflowMode, PersistentStoreMode

from consumers.notifier import message
from consumers.notifier.channels.address import Addresses, Resolver
from consumers.notifier.channels.base import Channel, NotTakenError, RefusedError
from consumers.notifier.channels.bounded import within
from consumers.notifier.notification import Notification, Occasion
from consumers.notifier.subscription import AppriseTarget, Subscription
from groundswell.address import resolve
from groundswell.messages import Severity
from groundswell.settings import NotifierSettings

MACHINES = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Schemes of Apprise that stand for no person."""
LOCAL = frozenset({"blink1", "dbus", "file", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Schemes that reach the machine of the notifier, where nobody sits."""
TALKATIVE = ("apprise", "oauthlib", "requests_oauthlib", "urllib3")
"""Loggers that tell URLs or tokens."""
TYPES = {Severity.INFO: NotifyType.INFO, Severity.WARNING: NotifyType.WARNING, Severity.CRITICAL: NotifyType.FAILURE}
"""What decides the colour of a message, where a chat has colours."""


STEPS = 4
"""A service answers in several steps (a mail takes eight); each has this part of the deadline, all together WHOLE deadlines."""
WHOLE = 2.5


class AppriseChannel(Channel):
    """Tells people; one object of Apprise a delivery, so that deliveries share nothing."""

    name: ClassVar[str] = "apprise"

    def __init__(self, settings: NotifierSettings, resolver: Resolver = resolve) -> None:
        self._seconds = settings.deadline
        self._addresses = Addresses(settings.allow_private, resolver)
        self._busy: set[str] = set()
        """Ids of the subscriptions to which a message is on its way, a try that was given up on included."""
        self._lock = threading.Lock()

    def deliver(self, notification: Notification) -> str:
        """Send title and body; returns ``taken``. Raises as Channel.deliver says."""
        target, subscription = _target(notification.subscription), notification.subscription.id
        sender = _sender(target)
        service = sender[0]
        service.socket_connect_timeout = min(service.socket_connect_timeout, self._seconds / STEPS)
        service.socket_read_timeout = min(service.socket_read_timeout, self._seconds / STEPS)

        def send() -> bool:
            try:
                self._check(sender)
                return bool(
                    sender.notify(
                        title=message.title(notification),
                        body=message.body(notification),
                        body_format=NotifyFormat.TEXT,
                        notify_type=_type(notification),
                    )
                )
            finally:
                with self._lock:
                    self._busy.discard(subscription)

        with self._lock:
            if subscription in self._busy:
                raise NotTakenError(f"{_scheme(target)}: the try before is not over yet")
            self._busy.add(subscription)
        try:
            taken = within(WHOLE * self._seconds, send)
        except TimeoutError:
            raise NotTakenError(f"{_scheme(target)}: no answer within {WHOLE * self._seconds:g} s") from None
        if not taken:
            raise NotTakenError(f"{_scheme(target)} did not take it")
        return "taken"

    def check(self, subscription: Subscription) -> None:
        """Raise RefusedError for a URL that Apprise cannot read, that reaches no person, or a host that is private now."""
        self._check(_sender(_target(subscription)))

    def _check(self, sender: Apprise) -> None:
        for host, port in _hosts(sender):
            self._addresses.check(host, port, self._seconds)


def shown(target: AppriseTarget) -> str:
    """``target`` for lists: its scheme, and its host where it has one; the rest of such a URL is tokens."""
    try:
        hosts = _hosts(_sender(target))
    except RefusedError:
        hosts = []
    scheme = _scheme(target)
    return (f"{scheme}://" if scheme else "") + (f"{hosts[-1][0]}/…" if hosts else "…")


def _target(subscription: Subscription) -> AppriseTarget:
    if not isinstance(subscription.target, AppriseTarget):
        raise RefusedError(f"subscription {subscription.name} names no Apprise URL")
    return subscription.target


def _scheme(target: AppriseTarget) -> str:
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,19}(?=://)", target.url.get_secret_value().strip())
    return found.group().lower() if found else ""


def _sender(target: AppriseTarget) -> Apprise:
    """Apprise with the one service that it makes of the URL; raises RefusedError where that is nothing, or nobody."""
    scheme = _scheme(target)
    if not scheme:
        raise RefusedError("an Apprise URL begins with its service: mailto://, slack://, dingtalk:// or another of Apprise's")
    if scheme in MACHINES:
        raise RefusedError(f"{scheme}:// tells a machine, unsigned: use --webhook with an https:// URL")
    if scheme in LOCAL:
        raise RefusedError(f"{scheme}:// reaches only the machine of the notifier: use a mailbox or a chat")
    _silence()
    asset = AppriseAsset(
        app_id="Groundswell",
        app_desc="Groundswell",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask=False,
        async_mode=False,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode=PersistentStoreMode.MEMORY.value,
        service_timeout=0,  # the deadline is kept here, on a thread of its own, and not in a pool that slow receivers fill
        allow_templates=False,
    )
    service = Apprise.instantiate(target.url.get_secret_value(), asset=asset)
    if service is None:
        raise RefusedError(
            f"Apprise cannot read this {scheme}:// URL: compare it with the service's page in Apprise's documents"
        )
    service.redirects = False  # a URL may ask for them, and they may lead anywhere
    service.retry = 0  # tries are counted and kept by the notifier
    if len(service) > 1:
        raise RefusedError(f"this {scheme}:// URL names {len(service)} receivers: subscribe once for each of them")
    service.overflow_mode = OverflowMode.TRUNCATE  # a message too long for a chat is better cut than refused, or told in part
    sender = Apprise(asset=asset)
    sender.add(service)
    return sender


def _silence() -> None:
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.disabled = True


def _hosts(sender: Apprise) -> list[tuple[str, int]]:
    """The hosts, with ports, that the URL itself names; the last is the one that is connected to.

    Where a scheme has a token in the place of the host, Apprise masks it in what it shows; such a token is looked up nowhere.
    """
    service = sender[0]
    named = _plain(service.host)
    hosts = []
    if "host" in service.template_tokens and named == urlsplit(sender.urls(privacy=True)[0]).hostname:
        hosts.append(named)
    hosts += [_plain(host) for host in [getattr(service, "smtp_host", None), *getattr(service, "relays", ())] if host]
    port = service.port if isinstance(service.port, int) else 443
    return [(host, port) for host in hosts]


def _plain(host: str | None) -> str:
    """``host``, which may be a URL or stand in brackets, as a name resolver takes it."""
    url = host or ""
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return url  # whatever it is, it resolves to nothing


def _type(notification: Notification) -> NotifyType:
    if notification.occasion is Occasion.RESOLVED:
        return NotifyType.SUCCESS
    calm = notification.occasion in {Occasion.TEST, Occasion.ACKNOWLEDGED}
    return NotifyType.INFO if calm else TYPES[notification.alert.severity]

"""The queue of deliveries in Redis; it changes only by the scripts of this folder.

A key is put in once. A subscription has one delivery under way at most, and is told of one alert in order.
"""

import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consumers.notifier.notification import Occasion
from consumers.notifier.store import Keys, Result
from consumers.notifier.subscription import Subscription
from groundswell.errors import FencedError, PoisonError
from groundswell.messages import Alert, Severity
from groundswell.settings import NotifierSettings
from groundswell.store import Client, Script, errors

MAX_LOG = 10_000
MAX_ANSWER = 200
"""Characters of an answer in the log."""
MAX_AT_ONCE = 2_000
"""Deliveries that one script takes, so that it stays short; those of one record stay together."""


@dataclass(frozen=True)
class Delivery:
    """One thing to be told to one subscription."""

    key: str
    subscription: Subscription
    occasion: Occasion
    severity: Severity


@dataclass(frozen=True)
class Telling:
    """A record of the alerts topic with all that is to be told of it; without an alert it only moves the position on."""

    offset: int
    stamp_ms: int
    alert: Alert | None = None
    deliveries: tuple[Delivery, ...] = ()
    held: bool = False
    """Whether the alert is put aside, instead of what was put aside of it before, until nothing holds it back any more."""


@dataclass(frozen=True)
class Aside:
    """An alert that is held back, with the time of its record."""

    stamp_ms: int
    alert: Alert


@dataclass(frozen=True)
class Claimed:
    """A delivery that is ours for a while."""

    token: str
    subscription: str
    stored_subscription: bytes
    key: str
    occasion: str
    attempt: int
    created_ms: int
    stamp_ms: int
    failures: int
    """Of the receiver, in a row, before this one."""
    alert_id: str
    alert: bytes
    """JSON; empty where it is not kept any more."""


@dataclass(frozen=True)
class Outcome:
    """What became of a try."""

    result: Result
    channel: str
    answer: str
    seconds: float
    again_in: float = 0.0
    """Seconds until this delivery is tried again."""
    failures: int = 0
    """Of the receiver, in a row, now."""
    pause: float = 0.0
    """Seconds for which the receiver is told nothing at all."""


class DeliveryQueue:
    """Deliveries, from the stage that reads alerts to the couriers."""

    def __init__(self, client: Client, prefix: str, settings: NotifierSettings) -> None:
        self._client: Any = client
        self._keys = Keys(prefix)
        self._settings = settings
        # What waits longest is in the queue until it is given up, and remembered from then on.
        self._ttl = math.ceil(settings.keep_days * 86400 + settings.give_up_hours * 3600)
        self._enqueue, self._claim, self._renew, self._finish = (
            Script(client, __package__, f"{name}.lua") for name in ("enqueue", "claim", "renew", "finish")
        )

    def position(self, partition: int) -> int | None:
        """The offset of the next record of ``partition``; none where the store knows of none."""
        with errors():
            stored = self._client.hget(self._keys.position, str(partition))
        return None if stored is None else int(stored)

    def told(self, alerts: Sequence[str]) -> dict[str, dict[str, Severity]]:
        """At what severity each of ``alerts`` was told, by alert and by the id of the subscription."""
        with errors():
            pipe = self._client.pipeline(transaction=False)
            for alert in alerts:
                pipe.hgetall(self._keys.told(alert))
            stored = pipe.execute()
        return {alert: _severities(one) for alert, one in zip(alerts, stored, strict=True)}

    def aside(self, partition: int) -> list[Aside]:
        """The alerts of ``partition`` that are held back; what cannot be read is left out."""
        with errors():
            stored = self._client.hvals(self._keys.held(partition))
        return [one for one in map(_aside, stored) if one is not None]

    def put(self, partition: int, expected: int | None, tellings: Sequence[Telling], now: datetime) -> Iterator[int]:
        """Put ``tellings`` (in the order of their offsets) into the queue; yields the position after each part that is done.

        ``expected`` is the position before: FencedError where the store has another.
        """
        for part in _parts(tellings):
            after = part[-1].offset + 1
            arguments: list[str | bytes | int | float] = [
                *(self._keys.base, self._ttl, _ms(now), partition, "" if expected is None else expected, after)
            ]
            for telling in part:
                arguments += _arguments(telling)
            answer = self._enqueue([self._keys.subscriptions], arguments)
            if answer[0] != b"ok":
                raise FencedError(
                    f"partition {partition} is {answer[0].decode()}: another notifier reads it, or Redis lost a second",
                    partition,
                )
            expected = after
            yield after

    def claim(self, now: datetime) -> Claimed | None:
        """Take the delivery that has been due for longest, for the time of a lease; none where none is due."""
        token = secrets.token_hex(8)
        answer = self._claim([self._keys.subscriptions], [self._keys.base, self._ttl, _ms(now), self._lease_end(now), token])
        if not answer:
            return None
        name, stored, key, occasion, attempt, created, stamp, failures, alert_id, alert = answer
        return Claimed(
            token=token,
            subscription=name.decode(),
            stored_subscription=stored,
            key=key.decode(),
            occasion=occasion.decode(),
            attempt=int(attempt),
            created_ms=int(created),
            stamp_ms=int(stamp),
            failures=int(failures),
            alert_id=alert_id.decode(),
            alert=alert,
        )

    def renew(self, claimed: Claimed, now: datetime) -> bool:
        """Hold ``claimed`` for another lease; false where another has it, or nobody wants it any more."""
        return bool(self._renew([self._keys.due], [self._keys.base, claimed.subscription, claimed.token, self._lease_end(now)]))

    def finish(self, claimed: Claimed, outcome: Outcome, now: datetime) -> bool:
        """Say what became of ``claimed``; false, and nothing changed, where the hold on it was lost."""
        at = _ms(now)
        log: Mapping[str, str | int] = {
            "at": at,
            "key": claimed.key,
            "subscription": claimed.subscription,
            "channel": outcome.channel,
            "alert": claimed.alert_id,
            "occasion": claimed.occasion,
            "attempt": claimed.attempt,
            "result": outcome.result,
            "answer": " ".join(outcome.answer.split())[:MAX_ANSWER],
            "seconds": f"{outcome.seconds:.3f}",
        }
        again, pause = (at + math.ceil(seconds * 1000) for seconds in (outcome.again_in, outcome.pause))
        arguments: list[str | bytes | int | float] = [
            *(self._keys.base, self._ttl, at, claimed.subscription, claimed.token, outcome.result),
            *(again, outcome.failures, pause, MAX_LOG),
        ]
        for field, value in log.items():
            arguments += [field, value]
        return bool(self._finish([self._keys.due], arguments))

    def _lease_end(self, now: datetime) -> int:
        return _ms(now) + math.ceil(self._settings.lease * 1000)


def _ms(moment: datetime) -> int:
    return math.floor(moment.timestamp() * 1000)


def _aside(stored: bytes) -> Aside | None:
    stamp, _, alert = stored.partition(b" ")
    try:
        return Aside(int(stamp), Alert.from_wire(alert))
    except PoisonError:
        return None


def _severities(stored: Mapping[bytes, bytes]) -> dict[str, Severity]:
    return {subscription.decode(): Severity(severity.decode()) for subscription, severity in stored.items()}


def _parts(tellings: Sequence[Telling]) -> Iterator[list[Telling]]:
    part: list[Telling] = []
    many = 0
    for telling in tellings:
        if part and many + len(telling.deliveries) > MAX_AT_ONCE:
            yield part
            part, many = [], 0
        part.append(telling)
        many += len(telling.deliveries)
    if part:
        yield part


def _arguments(telling: Telling) -> list[str | bytes | int | float]:
    alert = telling.alert
    if alert is None:
        return []
    many = len(telling.deliveries)
    arguments: list[str | bytes | int | float] = [
        *(alert.id, alert.revision, telling.stamp_ms, alert.to_wire() if many or telling.held else b""),
        *(int(telling.held), many),
    ]
    for one in telling.deliveries:
        arguments += [one.key, one.subscription.name, one.subscription.id, one.occasion.value, one.severity.value]
    return arguments

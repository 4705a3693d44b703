"""What the notifier keeps in Redis, for people who look and who subscribe: subscriptions, what waits, what was told.

All keys lie in one hash slot. All but the subscriptions expire.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from consumers.notifier.subscription import Subscription
from groundswell.errors import FatalError, RetryableError
from groundswell.log import get
from groundswell.store import Client, Script, errors

MAX_SUBSCRIPTIONS = 1_000
TRIES = 10
CHUNK = 500

Result = Literal["delivered", "retry", "refused", "given_up"]
RESULTS: tuple[Result, ...] = ("delivered", "retry", "refused", "given_up")
"""What becomes of a try to tell a receiver."""

log = get("notifier")


@dataclass(frozen=True)
class Keys:
    """The names of the keys."""

    prefix: str

    @property
    def base(self) -> str:
        """What all names begin with; the braces put them into one slot of a cluster."""
        return f"{{{self.prefix}:notifier}}:"

    @property
    def subscriptions(self) -> str:
        """Hash: name to subscription, as JSON."""
        return f"{self.base}subscriptions"

    @property
    def position(self) -> str:
        """Hash: partition of the alerts to the offset of the next record."""
        return f"{self.base}position"

    @property
    def due(self) -> str:
        """Sorted set: subscription to when it may next be served, ms."""
        return f"{self.base}due"

    @property
    def waiting(self) -> str:
        """Sorted set: key of each delivery that waits to when it was put there, ms."""
        return f"{self.base}waiting"

    @property
    def counts(self) -> str:
        """Hash: subscription to how many deliveries wait for it."""
        return f"{self.base}counts"

    @property
    def log(self) -> str:
        """Stream: tries to tell receivers."""
        return f"{self.base}log"

    @property
    def silences(self) -> str:
        """Hash: id to silence, as JSON."""
        return f"{self.base}silences"

    def held(self, partition: int) -> str:
        """Hash: id of each alert of ``partition`` that is held back to its time (ms), a space, and its newest revision."""
        return f"{self.base}held:{partition}"

    def told(self, alert: str) -> str:
        """Hash: id of a subscription to the severity at which it was told of ``alert``."""
        return f"{self.base}told:{alert}"


class Subscriptions:
    """Who is told of what, by name."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client: Any = client
        self._keys = Keys(prefix)
        self._put, self._remove = (Script(client, __package__, f"{name}.lua") for name in ("put", "remove"))

    def all(self) -> list[Subscription]:
        """All subscriptions by name; one that an older version wrote and this one cannot read is logged and left out."""
        with errors():
            stored: dict[bytes, bytes] = self._client.hgetall(self._keys.subscriptions)
        found = (_read(name, value) for name, value in sorted(stored.items()))
        return [one for one in found if one is not None]

    def count(self) -> int:
        """How many there are."""
        with errors():
            return int(self._client.hlen(self._keys.subscriptions))

    def get(self, name: str) -> Subscription | None:
        """The subscription ``name``; none where there is none that can be read."""
        stored = self._stored(name)
        return _read(name.encode(), stored) if stored else None

    def add(self, subscription: Subscription, *, replace: bool) -> Subscription:
        """Put ``subscription`` in force and return it as it is kept.

        One that is replaced hands on its id and its time of creation: what it was told is not told again, and what waits
        goes to the new target. FatalError where the name is taken and ``replace`` is false, or where there are too many.
        """
        for _ in range(TRIES):
            before = self._stored(subscription.name)
            if before and not replace:
                raise FatalError(f"{subscription.name}: there is such a subscription; --replace changes it")
            old = _read(subscription.name.encode(), before) if before else None
            kept = subscription.model_copy(update={"id": old.id, "created_at": old.created_at}) if old else subscription
            arguments = [self._keys.base, kept.name, before or "", kept.model_dump_json(), MAX_SUBSCRIPTIONS]
            answer = self._put([self._keys.subscriptions], arguments)
            if answer == b"ok":
                return kept
            if answer == b"full":
                raise FatalError(f"{MAX_SUBSCRIPTIONS:,} subscriptions are the most: `groundswell unsubscribe` makes room")
        raise RetryableError(f"{subscription.name}: others keep changing it; try again")

    def remove(self, name: str) -> bool:
        """End the subscription ``name`` and drop what waits for it; whether there was one."""
        return bool(self._remove([self._keys.subscriptions], [self._keys.base, name]))

    def _stored(self, name: str) -> bytes | None:
        with errors():
            stored: bytes | None = self._client.hget(self._keys.subscriptions, name)
        return stored


def _read(name: bytes, stored: bytes) -> Subscription | None:
    try:
        return Subscription.model_validate_json(stored)
    except ValidationError:
        log.warning("subscription cannot be read: subscribe anew with --replace", subscription=name.decode("utf-8", "replace"))
        return None


@dataclass(frozen=True)
class Attempt:
    """One try to tell a receiver, as the log has it."""

    at: datetime
    key: str
    subscription: str
    channel: str
    alert: str
    occasion: str
    attempt: int
    """From 1."""
    result: Result
    answer: str
    """What the receiver said, or why it was not told: one line."""
    seconds: float


class Deliveries:
    """What waits to be told, and the newest tries."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client: Any = client
        self._keys = Keys(prefix)

    def recent(self, count: int, subscription: str | None = None) -> list[Attempt]:
        """The newest ``count`` tries, of ``subscription`` or of all, newest first; about 10,000 are kept."""
        found: list[Attempt] = []
        for attempt in self._newest_first():
            if len(found) == count:
                break
            if subscription in {None, attempt.subscription}:
                found.append(attempt)
        return found

    def _newest_first(self) -> Iterator[Attempt]:
        end = "+"
        while True:
            with errors():
                entries = self._client.xrevrange(self._keys.log, max=end, count=CHUNK)
            if not entries:
                return
            for _, fields in entries:
                yield _attempt({name.decode(): value.decode() for name, value in fields.items()})
            end = f"({entries[-1][0].decode()}"

    def waiting(self) -> int:
        """How many deliveries wait."""
        with errors():
            return int(self._client.zcard(self._keys.waiting))

    def waiting_by_subscription(self) -> dict[str, int]:
        """How many deliveries wait, by the name of the subscription; those with none are left out."""
        with errors():
            return {name.decode(): int(count) for name, count in self._client.hgetall(self._keys.counts).items()}

    def held(self, partitions: int) -> int:
        """How many alerts are held back, of which someone is told when nothing holds them any more."""
        with errors():
            return sum(int(self._client.hlen(self._keys.held(number))) for number in range(partitions))

    def oldest(self, now: datetime) -> float:
        """The age of the oldest delivery that waits, seconds; 0 where none does."""
        with errors():
            first = self._client.zrange(self._keys.waiting, 0, 0, withscores=True)
        return max(0.0, now.timestamp() - first[0][1] / 1000) if first else 0.0


def _attempt(fields: Mapping[str, str]) -> Attempt:
    result = next(one for one in RESULTS if one == fields["result"])
    return Attempt(
        at=datetime.fromtimestamp(int(fields["at"]) / 1000, UTC),
        key=fields["key"],
        subscription=fields["subscription"],
        channel=fields["channel"],
        alert=fields["alert"],
        occasion=fields["occasion"],
        attempt=int(fields["attempt"]),
        result=result,
        answer=fields["answer"],
        seconds=float(fields["seconds"]),
    )

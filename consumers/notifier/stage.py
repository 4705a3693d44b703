"""The notifier as a stage: takes alerts in, and puts what each subscription is to be told of them into the queue."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from consumers.notifier.delivery_queue import Delivery, DeliveryQueue, Telling
from consumers.notifier.notification import key_of, told_as
from consumers.notifier.store import Subscriptions
from consumers.notifier.subscription import SEVERITIES, Subscription
from groundswell.clock import Clock
from groundswell.errors import FencedError, PoisonError
from groundswell.kafka import Record, Topics
from groundswell.messages import Alert, AlertState, Severity
from groundswell.settings import Settings
from groundswell.stage import Failure, Result
from groundswell.store import Client

LOOK_SECONDS = 1.0


class Notifier:
    """The stage that decides who is told of what; couriers do the telling."""

    name = "notifier"

    def __init__(self, settings: Settings, client: Client, clock: Clock) -> None:
        self.topic = Topics(settings.kafka.topic_prefix).alerts
        self._clock = clock
        self._keep_ms = settings.notifier.keep_days * 86_400_000
        self._subscriptions = Subscriptions(client, settings.redis.prefix)
        self._queue = DeliveryQueue(client, settings.redis.prefix, settings.notifier)
        self._positions: dict[int, int | None] = {}
        self._looked_at = clock.monotonic()

    def open(self, partition: int) -> int | None:
        """Take ``partition`` over; reading starts where the store says."""
        self._positions[partition] = position = self._queue.position(partition)
        return position

    def close(self, partition: int) -> None:
        """Let ``partition`` go; nothing of it is in memory."""
        self._positions.pop(partition, None)

    def process(self, batch: Sequence[Record], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the stage's signature
        """Put what is to be told of ``batch`` into the queue; what is no alert fails."""
        by_partition: dict[int, list[Record]] = defaultdict(list)
        for record in batch:
            by_partition[record.partition].append(record)
        failures: list[Failure] = []
        for number, records in by_partition.items():
            if number in self._positions:
                self._take_in(number, records, failures)
        return Result(failures=failures)

    def tick(self, idle: Mapping[int, float], notes: Mapping[int, str]) -> Result:  # noqa: ARG002 - the stage's signature
        """See whether the store still is where it was left: one that lost its last second may have lost an alert.

        Raises FencedError for a partition that must be read again; the next alert, which would show it too, may be far away.
        """
        if self._clock.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = self._clock.monotonic()
            for number, position in list(self._positions.items()):
                if self._queue.position(number) != position:
                    self._looked_at -= LOOK_SECONDS
                    raise FencedError(f"partition {number}: the store is not where it was left, reading again", number)
        return Result()

    def _take_in(self, partition: int, records: Sequence[Record], failures: list[Failure]) -> None:
        """Queue the records of one partition; what a try before this one queued already is passed over."""
        parsed = [(record, _alert(record, failures)) for record in records]
        position = self._positions[partition]
        fresh = [(record, alert) for record, alert in parsed if position is None or record.offset >= position]
        if not fresh:
            return
        now = self._clock.now()
        tellings = self._tellings(fresh, now)
        for after in self._queue.put(partition, position, tellings, now):
            if partition in self._positions:  # else it was taken away meanwhile
                self._positions[partition] = after

    def _tellings(self, records: Sequence[tuple[Record, Alert | None]], now: datetime) -> list[Telling]:
        subscriptions = self._subscriptions.all()
        told = self._queue.told(sorted({alert.id for _, alert in records if alert is not None}))
        oldest = now.timestamp() * 1000 - self._keep_ms
        tellings = []
        for record, alert in records:
            if alert is None or record.timestamp_ms < oldest:
                tellings.append(Telling(record.offset, record.timestamp_ms))
                continue
            since = [one for one in subscriptions if record.timestamp_ms >= one.created_at.timestamp() * 1000]
            tellings.append(Telling(record.offset, record.timestamp_ms, alert, deliveries(alert, since, told[alert.id])))
        return tellings


def deliveries(alert: Alert, subscriptions: Sequence[Subscription], told: dict[str, Severity]) -> tuple[Delivery, ...]:
    """What each of ``subscriptions`` is to be told of ``alert``.

    ``told`` has the highest severity at which each was told of it before, by its id, and is brought up to date.
    """
    found = []
    for one in subscriptions:
        occasion = told_as(alert, told.get(one.id))
        if occasion is None or not _wants(one, alert):
            continue
        told[one.id] = max(alert.severity, told.get(one.id, alert.severity), key=SEVERITIES.index)
        found.append(Delivery(key_of(one, alert, occasion), one, occasion, told[one.id]))
    return tuple(found)


def _wants(subscription: Subscription, alert: Alert) -> bool:
    """Whether the filter lets ``alert`` through; whoever was told of an alert hears of its end, whatever it has become."""
    if alert.state is AlertState.RESOLVED:
        return True
    return subscription.filter.concerns(alert) and subscription.filter.grave_enough(alert.severity)


def _alert(record: Record, failures: list[Failure]) -> Alert | None:
    """The alert in ``record``; none in a tombstone of the compacted topic, nor in what is no alert: that is a failure."""
    if record.value is None:
        return None
    try:
        return Alert.from_wire(record.value)
    except PoisonError as error:
        failures.append(Failure(record, str(error)))
        return None

"""The notifier as a stage: takes alerts in, and puts what each subscription is to be told of them into the queue."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from consumers.notifier import recurring
from consumers.notifier.decide import deliveries, since, telling
from consumers.notifier.delivery_queue import DeliveryQueue, Telling
from consumers.notifier.holding import Hold, holding
from consumers.notifier.silences import Silences
from consumers.notifier.store import Subscriptions
from groundswell import metrics
from groundswell.clock import Clock
from groundswell.errors import FencedError, PoisonError
from groundswell.kafka import Record, Topics
from groundswell.log import get
from groundswell.messages import Alert
from groundswell.settings import Settings
from groundswell.stage import Failure, Result
from groundswell.store import Client

LOOK_SECONDS = 1.0
RELEASE_SECONDS = 5.0
"""How often it is looked whether what is held back may be told."""

log = get("notifier")


class Notifier:
    """The stage that decides who is told of what; couriers do the telling."""

    name = "notifier"

    def __init__(self, settings: Settings, client: Client, clock: Clock) -> None:
        self.topic = Topics(settings.kafka.topic_prefix).alerts
        self._clock = clock
        self._keep_ms = settings.notifier.keep_days * 86_400_000
        self._subscriptions = Subscriptions(client, settings.redis.prefix)
        self._silences = Silences(client, settings.redis.prefix)
        self._recurring = recurring.read(settings.notifier.calendar) if settings.notifier.calendar else ()
        self._queue = DeliveryQueue(client, settings.redis.prefix, settings.notifier)
        self._positions: dict[int, int | None] = {}
        self._looked_at = self._released_at = clock.monotonic()
        for sort in ("silence", "calendar"):
            metrics.NOTIFICATIONS_HELD.labels(sort)

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
        """Tell what nothing holds back any more, and see whether the store still is where it was left.

        One that lost its last second may have lost an alert. Raises FencedError for a partition that must be read again; the
        next alert, which would show it too, may be far away.
        """
        if self._clock.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = self._clock.monotonic()
            for number, position in list(self._positions.items()):
                if self._queue.position(number) != position:
                    self._looked_at -= LOOK_SECONDS
                    raise FencedError(f"partition {number}: the store is not where it was left, reading again", number)
        if self._clock.monotonic() - self._released_at >= RELEASE_SECONDS:
            for number, position in list(self._positions.items()):
                if position is not None:
                    self._release(number, position)
            self._released_at = self._clock.monotonic()
        return Result()

    def _release(self, partition: int, position: int) -> None:
        """Put into the queue what is to be told of alerts that nothing holds back any more, as if they were read now.

        What was held back for longer than anything is remembered is told to nobody.
        """
        aside = self._queue.aside(partition)
        if not aside:
            return
        now = self._clock.now()
        in_force = self._in_force(now)
        oldest = _ms(now) - self._keep_ms
        free = [one for one in aside if one.stamp_ms < oldest or holding(one.alert, in_force) is None]
        told = self._queue.told([one.alert.id for one in free])
        subscriptions = self._subscriptions.all()
        tellings = []
        for one in free:
            concerned = since(subscriptions, one.stamp_ms) if one.stamp_ms >= oldest else []
            found = deliveries(one.alert, concerned, told[one.alert.id])
            log.info("held back no longer", alert=one.alert.id, notifications=len(found))
            tellings.append(Telling(position - 1, _ms(now), one.alert, found))
        for _ in self._queue.put(partition, position, tellings, now):
            pass  # the position stays

    def _in_force(self, now: datetime) -> list[Hold]:
        known: tuple[Hold, ...] = (*self._silences.all(now), *self._recurring)
        return [one for one in known if one.holds_at(now)]

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
        in_force = self._in_force(now)
        tellings = []
        for record, alert in records:
            if alert is None or record.timestamp_ms < oldest:
                tellings.append(Telling(record.offset, record.timestamp_ms))
                continue
            concerned = since(subscriptions, record.timestamp_ms)
            tellings.append(telling(record.offset, record.timestamp_ms, alert, concerned, told[alert.id], in_force))
        return tellings


def _alert(record: Record, failures: list[Failure]) -> Alert | None:
    """The alert in ``record``; none in a tombstone of the compacted topic, nor in what is no alert: that is a failure."""
    if record.value is None:
        return None
    try:
        return Alert.from_wire(record.value)
    except PoisonError as error:
        failures.append(Failure(record, str(error)))
        return None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

"""The couriers: threads that take deliveries from the queue, tell the receivers, and say in the queue what became of it.

Several processes may do so at once. Whatever a process held when it died is taken up by another when its lease has run out.
"""

import math
import threading
from collections.abc import Mapping
from queue import SimpleQueue

from consumers.notifier.channels.base import Channel
from consumers.notifier.deliverer import Deliverer
from consumers.notifier.delivery_queue import Claimed, DeliveryQueue, Outcome
from consumers.notifier.silences import Silences
from consumers.notifier.store import Deliveries, Subscriptions
from groundswell import metrics
from groundswell.clock import Clock
from groundswell.errors import GroundswellError, RetryableError
from groundswell.log import get
from groundswell.settings import Settings
from groundswell.store import Client

POLL_SECONDS = 0.25
"""How often an empty queue is looked at."""
MEASURE_SECONDS = 2.0
LONGEST_PAUSE = 5.0
"""Between two tries to reach the store, seconds."""
STUCK_SECONDS = 60.0
"""Liveness fails when the queue was not looked at for so long though the store could be reached."""
GRACE = 3.0
"""A try that takes longer than so many times its deadline is left to its lease: its thread hangs."""

log = get("notifier")


class Couriers:
    """Up to ``notifier.workers`` deliveries at once, one for a subscription; ``channels`` are named by the type of target."""

    def __init__(self, settings: Settings, client: Client, channels: Mapping[str, Channel], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._queue = DeliveryQueue(client, settings.redis.prefix, settings.notifier)
        self._deliveries = Deliveries(client, settings.redis.prefix)
        self._subscriptions = Subscriptions(client, settings.redis.prefix)
        self._silences = Silences(client, settings.redis.prefix)
        self._deliverer = Deliverer(settings.notifier, channels, clock)
        self._free = threading.Semaphore(settings.notifier.workers)
        self._work: SimpleQueue[Claimed | None] = SimpleQueue()
        self._held: dict[str, tuple[Claimed, float]] = {}
        """What is under way, by token, and since when."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._stop_by = math.inf
        self._looked_at = clock.monotonic()
        self._measured_at = clock.monotonic() - MEASURE_SECONDS
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        runs = [self._dispatch, self._keep, *([self._serve] * self._settings.notifier.workers)]
        self._looked_at = self._clock.monotonic()
        self._threads = [threading.Thread(target=run, name="courier", daemon=True) for run in runs]
        for thread in self._threads:
            thread.start()

    def begin_stop(self) -> None:
        """Claim nothing more; what is under way has as long as a drain may last. Does not wait."""
        if not self._stopping.is_set():
            self._stop_by = self._clock.monotonic() + self._settings.loop.drain_timeout
            self._stopping.set()

    def stop(self) -> None:
        """Begin to stop, if that has not begun, and wait for what is under way; what takes too long is left to its lease."""
        self.begin_stop()
        self._wake.set()
        for _ in range(self._settings.notifier.workers):
            self._work.put(None)
        for thread in self._threads:
            thread.join(max(0.0, self._stop_by - self._clock.monotonic()))
        with self._lock:
            if self._held:
                log.warning("deliveries left to their leases", count=len(self._held))

    def healthy(self) -> tuple[bool, str]:
        """Whether the couriers get on, and why not: the queue is not looked at any more, or every thread hangs."""
        if self._stopping.is_set():
            return True, "couriers are stopping"
        if dead := sum(not thread.is_alive() for thread in self._threads):
            return False, f"{dead} threads of the couriers ended"
        now = self._clock.monotonic()
        if (age := now - self._looked_at) > STUCK_SECONDS:
            return False, f"no look at the queue of deliveries for {age:.0f} s"
        return True, "couriers look for deliveries"

    def _dispatch(self) -> None:
        """Claim a delivery whenever a thread is free for it."""
        pause = 0.1
        while not self._stopping.is_set():
            if not self._free.acquire(timeout=POLL_SECONDS):
                continue
            claimed = None
            try:
                claimed = self._queue.claim(self._clock.now())
                self._looked_at = self._clock.monotonic()
                pause = 0.1
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look may do
                self._looked_at = self._clock.monotonic()
                _complain("deliveries cannot be taken from the store", error)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            if claimed is None:
                self._free.release()
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
                continue
            with self._lock:
                self._held[claimed.token] = (claimed, self._clock.monotonic())
            self._work.put(claimed)

    def _serve(self) -> None:
        """Tell receivers until told to stop."""
        while (claimed := self._work.get()) is not None:
            try:
                self._finish(claimed, self._deliverer.attempt(claimed))
            except Exception as error:  # noqa: BLE001 - its lease will run out, and it is tried again
                _complain("what became of a delivery is not stored", error)
            finally:
                with self._lock:
                    self._held.pop(claimed.token, None)
                self._free.release()
                self._wake.set()

    def _finish(self, claimed: Claimed, outcome: Outcome) -> None:
        stored = self._store(claimed, outcome)
        level = log.info if outcome.result in {"delivered", "retry"} else log.warning
        level(
            "delivery",
            subscription=claimed.subscription,
            alert=claimed.alert_id,
            occasion=claimed.occasion,
            key=claimed.key,
            attempt=claimed.attempt,
            result=outcome.result,
            stored=stored,
            seconds=round(outcome.seconds, 3),
        )

    def _store(self, claimed: Claimed, outcome: Outcome) -> bool:
        """Say in the store what became of ``claimed``, however long that takes: else the receiver is told again.

        Returns whether that counted: not where another has the delivery now, or the couriers stop first.
        """
        pause = 0.1
        while True:
            try:
                return self._queue.finish(claimed, outcome, self._clock.now())
            except RetryableError as error:
                if self._stopping.is_set():
                    return False
                self._looked_at = self._clock.monotonic()
                _complain("what became of a delivery cannot be stored yet", error)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _keep(self) -> None:
        """Renew the leases of what is under way, and set the gauges."""
        while not self._stopping.wait(min(MEASURE_SECONDS, self._settings.notifier.lease / 3)):
            try:
                self._renew()
                if self._clock.monotonic() - self._measured_at >= MEASURE_SECONDS:
                    self._measured_at = self._clock.monotonic()
                    self._measure()
            except Exception as error:  # noqa: BLE001 - as above
                _complain("leases cannot be renewed", error)

    def _renew(self) -> None:
        now = self._clock.monotonic()
        longest = GRACE * self._settings.notifier.deadline
        with self._lock:
            held = [claimed for claimed, since in self._held.values() if now - since < longest]
        for claimed in held:
            self._queue.renew(claimed, self._clock.now())

    def _measure(self) -> None:
        metrics.DELIVERIES_WAITING.set(self._deliveries.waiting())
        metrics.OLDEST_DELIVERY.set(self._deliveries.oldest(self._clock.now()))
        metrics.SUBSCRIPTIONS.set(self._subscriptions.count())
        metrics.ALERTS_HELD.set(self._deliveries.held(self._settings.kafka.partitions))
        metrics.SILENCES.set(len(self._silences.all(self._clock.now())))


def _complain(what: str, error: Exception) -> None:
    log.warning(what, reason=str(error) if isinstance(error, GroundswellError) else type(error).__name__)

"""One try to tell a receiver: what it answered, and when to try again where it did not take the notification."""

import secrets
from collections.abc import Mapping

from consumers.notifier import backoff
from consumers.notifier.channels.base import Channel, NotTakenError, RefusedError
from consumers.notifier.delivery_queue import Claimed, Outcome
from consumers.notifier.notification import Notification, Occasion
from consumers.notifier.store import RESULTS
from consumers.notifier.subscription import Subscription
from groundswell import metrics
from groundswell.clock import Clock
from groundswell.messages import Alert
from groundswell.settings import NotifierSettings

LONGEST_RECEIVER_PAUSE = 60.0
"""Seconds for which a receiver that fails is told nothing, at most, unless it asked for more."""
NO_CHANNEL = "none"
STAGE = "notifier"
TOO_OLD = "its receiver takes nothing, and it is too old to be tried again"

_chance = secrets.SystemRandom().random


class Deliverer:
    """Tells receivers through ``channels``, which are named by the type of the target."""

    def __init__(self, settings: NotifierSettings, channels: Mapping[str, Channel], clock: Clock) -> None:
        self._settings = settings
        self._channels = channels
        self._clock = clock
        for channel in (*channels, NO_CHANNEL):
            metrics.DELIVERY_SECONDS.labels(channel)
            for result in RESULTS:
                metrics.DELIVERIES.labels(channel, result)

    def attempt(self, claimed: Claimed) -> Outcome:
        """Try once to tell of ``claimed``; never raises."""
        started = self._clock.monotonic()
        channel = NO_CHANNEL
        try:
            subscription = Subscription.model_validate_json(claimed.stored_subscription)
            receiver = self._channels[subscription.target.type]
            channel = receiver.name
            if claimed.failures > 0 and self._too_old(claimed):  # else each is tried once, however old
                return self._counted(claimed, Outcome("given_up", channel, TOO_OLD, 0.0, failures=claimed.failures))
            told = Notification(claimed.key, Occasion(claimed.occasion), Alert.from_wire(claimed.alert), subscription)
            outcome = Outcome("delivered", channel, receiver.deliver(told), self._since(started))
        except RefusedError as error:
            outcome = Outcome("refused", channel, str(error), self._since(started), failures=claimed.failures)
        except NotTakenError as error:
            outcome = self._failed(claimed, channel, str(error), started, backoff.asked(error.retry_after))
        except Exception as error:  # noqa: BLE001 - a fault of a channel stops nobody; its text may hold a secret
            outcome = self._failed(claimed, channel, f"not told: {type(error).__name__}", started)
        return self._counted(claimed, outcome)

    def _failed(self, claimed: Claimed, channel: str, reason: str, started: float, asked: float = 0.0) -> Outcome:
        """The receiver may take it later: ``asked`` is for how many seconds it wants to be left alone."""
        base, longest, failures = self._settings.retry_base, self._settings.retry_max, claimed.failures + 1
        return Outcome(
            result="given_up" if self._too_old(claimed) else "retry",
            channel=channel,
            answer=reason,
            seconds=self._since(started),
            again_in=max(asked, backoff.pause(claimed.attempt, base, longest, _chance())),
            failures=failures,
            pause=max(asked, backoff.pause(failures, base, min(longest, LONGEST_RECEIVER_PAUSE), _chance())),
        )

    def _too_old(self, claimed: Claimed) -> bool:
        return self._clock.now().timestamp() - claimed.created_ms / 1000 >= self._settings.give_up_hours * 3600

    def _since(self, started: float) -> float:
        return max(0.0, self._clock.monotonic() - started)

    def _counted(self, claimed: Claimed, outcome: Outcome) -> Outcome:
        metrics.DELIVERIES.labels(outcome.channel, outcome.result).inc()
        if outcome.answer is not TOO_OLD:
            metrics.DELIVERY_SECONDS.labels(outcome.channel).observe(outcome.seconds)
        if outcome.result == "delivered":
            age = self._clock.now().timestamp() - claimed.stamp_ms / 1000
            metrics.END_TO_END.labels(STAGE).observe(max(0.0, age))
        return outcome

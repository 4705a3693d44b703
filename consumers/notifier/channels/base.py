"""What a channel is: one way to tell a receiver. One file a channel; `consumers.notifier.channels` names them all."""

from abc import ABC, abstractmethod
from typing import ClassVar

from consumers.notifier.notification import Notification
from consumers.notifier.subscription import Subscription
from groundswell.errors import PoisonError, RetryableError


class NotTakenError(RetryableError):
    """The receiver did not take a notification now: it is away, too busy, too slow.

    ``retry_after`` is for how many seconds it asked to be left alone, where it did.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RefusedError(PoisonError):
    """The receiver will never take this notification, or must not be told: trying again is of no use."""


class Channel(ABC):
    """One way to tell a receiver. Safe to use from several threads."""

    name: ClassVar[str]
    """The value of the metrics' label ``channel``, and the ``type`` of the target."""

    @abstractmethod
    def deliver(self, notification: Notification) -> str:
        """Tell the receiver of ``notification``; returns what it answered in a few words, for the log of deliveries.

        Raises NotTakenError or RefusedError with a reason in one line that holds no secret and no part of the target's URL
        but its host.
        """

    @abstractmethod
    def check(self, subscription: Subscription) -> None:
        """Raise RefusedError in one line where the target of ``subscription`` can never be told: a mistake in its URL."""

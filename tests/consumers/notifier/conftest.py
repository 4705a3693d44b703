"""What the tests of the notifier share: alerts, subscriptions, a receiver on this machine, and couriers that are stopped."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx
import pytest

from consumers.notifier.channels.base import Channel, NotTakenError, RefusedError
from consumers.notifier.courier import Couriers
from consumers.notifier.notification import Notification
from consumers.notifier.stage import Notifier
from consumers.notifier.store import Deliveries, Subscriptions
from consumers.notifier.subscription import Subscription
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import Alert
from groundswell.settings import NotifierSettings, Settings
from groundswell.store import Client
from tests.receiver import Receiver, receiving

MakeAlert = Callable[..., Alert]
MakeSubscription = Callable[..., Subscription]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When subscriptions were made."""


@pytest.fixture(scope="session")
def alert_of() -> MakeAlert:
    """A firing alert of one entity; every field can be given."""

    def make(id: str = "a1", state: str = "firing", severity: str = "warning", revision: int = 1, **fields: Any) -> Alert:  # noqa: A002
        plain: dict[str, Any] = {
            "id": id,
            "kind": "negative_surge",
            "state": state,
            "severity": severity,
            "subject": {"entity": "acme", "topic": "liquidity"},
            "headline": {"zh": "甲", "en": "A"},
            **dict.fromkeys(("started_at", "detected_at", "updated_at"), START),
            **dict.fromkeys(("observed", "expected", "ratio"), 1.0),
            "p_value": 0.0,
            **dict.fromkeys(("window_minutes", "texts", "authors", "stories", "sources"), 1),
            "hypotheses": [{"subject": {"entity": "acme", "topic": "liquidity"}, "score": 1.0}],
            "evidence": [],
            "revision": revision,
        }
        return Alert.model_validate({**plain, **fields})

    return make


@pytest.fixture(scope="session")
def subscription_of() -> MakeSubscription:
    """A subscription of a webhook to all alerts; every field can be given."""

    def make(name: str = "desk", url: str = "http://127.0.0.1:1/", **fields: Any) -> Subscription:
        target = {"type": "webhook", "url": url, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        return Subscription.model_validate({"name": name, "target": target, "created_at": START, **fields})

    return make


class Posting(Channel):
    """Posts the key and the alert's state to the subscription's URL."""

    name: ClassVar[str] = "webhook"

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=20, trust_env=False)

    def deliver(self, notification: Notification) -> str:
        target = notification.subscription.target
        words = f"{notification.key} {notification.subscription.name} {notification.alert.id} {notification.occasion}"
        try:
            answer = self._client.post(target.url.get_secret_value(), content=words, headers={"Connection": "close"})
        except httpx.HTTPError as error:
            raise NotTakenError(type(error).__name__) from error
        if answer.status_code == 410:
            raise RefusedError("answered 410")
        if answer.status_code >= 300:
            raise NotTakenError(f"answered {answer.status_code}")
        return f"answered {answer.status_code}"

    def check(self, subscription: Subscription) -> None:
        """Any target will do."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiving() as running:
        yield running


@dataclass
class Room:
    """A notifier on the store of one test: its stage, and couriers that can be thrown away and made anew."""

    settings: Settings
    client: Client
    offset: int = 0
    running: list[Couriers] = field(default_factory=list)

    @property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.client, self.settings.redis.prefix)

    @property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.client, self.settings.redis.prefix)

    def records(self, alerts: Sequence[Alert | None], at: datetime | None = None) -> list[Record]:
        """``alerts`` as Kafka would give them, from the next offset on; none is a tombstone."""
        stamp = int((at or SystemClock().now()).timestamp() * 1000)
        topic = Topics(self.settings.kafka.topic_prefix).alerts
        records = []
        for alert in alerts:
            output = Output.of(topic, alert.id, alert) if alert else Output(topic, b"gone", b"")
            value = output.value or None
            records.append(Record(topic, 0, self.offset, output.key, value, stamp, output.headers))
            self.offset += 1
        return records

    def stage(self) -> Notifier:
        """A new stage that has the partition open."""
        stage = Notifier(self.settings, self.client, SystemClock())
        stage.open(0)
        return stage

    def tell(self, *alerts: Alert | None) -> None:
        """Have a new stage take in ``alerts`` as one batch."""
        self.stage().process(self.records(alerts), {})

    def couriers(self, channel: Channel | None = None) -> Couriers:
        """New couriers that run until the end of the test."""
        couriers = Couriers(self.settings, self.client, {"webhook": channel or Posting()}, SystemClock())
        couriers.start()
        self.running.append(couriers)
        return couriers

    def results(self) -> list[tuple[str, str, str]]:
        """Subscription, occasion and result of each try, oldest first."""
        return [(one.subscription, one.occasion, one.result) for one in reversed(self.deliveries.recent(10_000))]


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    """A notifier with short pauses."""
    notifier = NotifierSettings(workers=4, lease=1, retry_base=0.1, retry_max=1, deadline=2, allow_private=True)
    chosen = settings.model_copy(update={"notifier": notifier})
    client = store.connect(chosen.redis)
    made = Room(chosen, client)
    yield made
    for couriers in made.running:
        couriers.stop()
    with contextlib.suppress(Exception):
        client.close()

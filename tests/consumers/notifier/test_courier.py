"""Couriers: what receivers on this machine are told, through failures, restarts and a store that goes away."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from consumers.notifier.channels.base import Channel, NotTakenError
from consumers.notifier.deliverer import Deliverer
from consumers.notifier.delivery_queue import DeliveryQueue, Outcome
from consumers.notifier.notification import Notification
from consumers.notifier.subscription import Subscription
from groundswell.clock import ManualClock, SystemClock
from groundswell.local import LocalValkey
from tests.receiver import Receiver, Told, receiving

Eventually = Callable[[Callable[[], bool]], bool]


def keys(receiver: Receiver) -> list[str]:
    return [told.body.decode().split()[0] for told in receiver.told]


def words(receiver: Receiver) -> list[list[str]]:
    """Subscription, alert and occasion of each request."""
    return [told.body.decode().split()[1:] for told in receiver.told]


def queue_of(room: Any) -> DeliveryQueue:
    return DeliveryQueue(room.client, room.settings.redis.prefix, room.settings.notifier)


def test_a_receiver_that_answers_500_twice_is_told_once_across_restarts(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    answers = iter([500, 500, 200])
    with receiving(lambda _: next(answers)) as receiver:
        room.subscriptions.add(subscription_of(url=receiver.url), replace=False)
        stage = room.stage()
        batch = room.records([alert_of()])
        stage.process(batch, {})
        for tries in (1, 2, 3):
            couriers = room.couriers()
            assert eventually(lambda tries=tries: len(room.deliveries.recent(9)) >= tries)  # type: ignore[misc]
            couriers.stop()
            room.stage().process(batch, {})
        assert len(receiver.told) == 3
        assert len(set(keys(receiver))) == 1
    assert room.results() == [("desk", "firing", one) for one in ("retry", "retry", "delivered")]
    assert room.deliveries.waiting() == 0


def test_a_receiver_that_never_answers_delays_no_other(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    release = threading.Event()

    def answer(told: Told) -> int:
        if b" slow " in told.body:
            release.wait(20)
        return 204

    with receiving(answer) as receiver:
        for name in ("slow", "quick"):
            room.subscriptions.add(subscription_of(name, url=receiver.url), replace=False)
        room.tell(*(alert_of(f"a{number}") for number in range(30)))
        room.couriers()
        assert eventually(lambda: sum("quick" in one for one in words(receiver)) == 30)
        assert sum("slow" in one for one in words(receiver)) == 1
        release.set()
        assert eventually(lambda: room.deliveries.waiting() == 0)


def test_an_alert_is_told_in_order_even_while_its_first_notification_is_tried_again(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    fails = iter([500, 500])
    with receiving(lambda told: next(fails, 204) if b" a1 " in told.body else 204) as receiver:
        room.subscriptions.add(subscription_of(url=receiver.url), replace=False)
        room.tell(
            alert_of("a1"),
            alert_of("a1", severity="critical", revision=2),
            alert_of("a1", state="resolved", revision=3),
            alert_of("a2"),
        )
        room.couriers()
        assert eventually(lambda: room.deliveries.waiting() == 0)
        told = [occasion for _, alert, occasion in words(receiver) if alert == "a1"]
        assert told == ["firing", "firing", "firing", "escalated", "resolved"]
        assert ["desk", "a2", "firing"] in words(receiver)


def test_what_a_receiver_refuses_is_not_sent_again(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    with receiving(lambda _: 410) as receiver:
        room.subscriptions.add(subscription_of(url=receiver.url), replace=False)
        room.tell(alert_of())
        room.couriers()
        assert eventually(lambda: room.deliveries.waiting() == 0)
        assert room.results() == [("desk", "firing", "refused")]
        assert len(receiver.told) == 1


def test_whoever_unsubscribes_while_deliveries_wait_is_told_nothing_more(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    gate = threading.Event()
    with receiving(lambda _: 204 if gate.wait(20) else 500) as receiver:
        room.subscriptions.add(subscription_of(url=receiver.url), replace=False)
        room.tell(alert_of("a1"), alert_of("a2"), alert_of("a3"))
        couriers = room.couriers()
        assert eventually(lambda: len(receiver.told) == 1)
        room.subscriptions.remove("desk")
        gate.set()
        couriers.stop()
        assert len(receiver.told) == 1
        assert room.deliveries.waiting() == 0


def test_what_waits_goes_to_the_new_target_under_the_old_key(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    with receiving(lambda _: 500) as old, receiving() as new:
        room.subscriptions.add(subscription_of(url=old.url), replace=False)
        room.tell(alert_of())
        room.couriers()
        assert eventually(lambda: bool(old.told))
        room.subscriptions.add(subscription_of(url=new.url), replace=True)
        assert eventually(lambda: room.deliveries.waiting() == 0)
        assert set(keys(new)) == set(keys(old))


def test_a_store_that_goes_away_loses_nothing(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually, valkey: LocalValkey
) -> None:
    with receiving() as receiver:
        for name in ("desk", "risk"):
            room.subscriptions.add(subscription_of(name, url=receiver.url), replace=False)
        room.tell(*(alert_of(f"a{number}") for number in range(40)))
        time.sleep(1.2)  # the store writes to disk each second
        couriers = room.couriers()
        assert eventually(lambda: len(receiver.told) > 5)
        valkey.kill()
        time.sleep(0.5)
        valkey.start()
        assert eventually(lambda: room.deliveries.waiting() == 0)
        told = words(receiver)
        assert {tuple(one) for one in told} == {(n, f"a{m}", "firing") for n in ("desk", "risk") for m in range(40)}
        assert len(set(keys(receiver))) == 80
        assert couriers.healthy()[0]


def test_a_courier_that_lost_its_lease_does_no_harm(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(alert_of())
    queue, now = queue_of(room), SystemClock().now()
    first = queue.claim(now)
    assert first is not None
    assert queue.claim(now) is None
    late = now + timedelta(seconds=2)
    second = queue.claim(late)
    assert second is not None
    assert (second.key, second.attempt) == (first.key, 2)
    assert not queue.renew(first, late)
    assert not queue.finish(first, Outcome("refused", "webhook", "gone", 0.1), late)
    assert room.deliveries.waiting() == 1
    assert queue.finish(second, Outcome("delivered", "webhook", "ok", 0.1), late)
    assert not queue.finish(second, Outcome("delivered", "webhook", "ok", 0.1), late)
    assert room.deliveries.waiting() == 0


def test_a_renewed_lease_is_not_taken_over(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(alert_of())
    queue, now = queue_of(room), SystemClock().now()
    held = queue.claim(now)
    assert held is not None
    assert queue.renew(held, now + timedelta(seconds=0.9))
    assert queue.claim(now + timedelta(seconds=1.5)) is None
    assert queue.claim(now + timedelta(seconds=2)) is not None


class Failing(Channel):
    """Raises what it is given."""

    name: ClassVar[str] = "webhook"

    def __init__(self, error: Exception) -> None:
        self._error = error

    def deliver(self, notification: Notification) -> str:  # noqa: ARG002
        raise self._error

    def check(self, subscription: Subscription) -> None:
        """Any target will do."""


def test_a_dead_receiver_with_many_alerts_is_tried_at_growing_pauses(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(*(alert_of(f"a{number}") for number in range(200)))
    clock, queue = ManualClock(SystemClock().now()), queue_of(room)
    settings = room.settings.notifier.model_copy(update={"retry_base": 1.0, "retry_max": 300.0})
    deliverer = Deliverer(settings, {"webhook": Failing(NotTakenError("away"))}, clock)
    tries = []
    for _ in range(10 * 60):
        clock.advance(timedelta(seconds=1))
        if claimed := queue.claim(clock.now()):
            tries.append(clock.monotonic())
            assert queue.finish(claimed, deliverer.attempt(claimed), clock.now())
    assert 10 < len(tries) < 30
    assert 29 <= tries[-1] - tries[-2] <= 61


def test_a_wish_to_be_left_alone_is_obeyed(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(alert_of("a1"), alert_of("a2"))
    clock, queue = ManualClock(SystemClock().now()), queue_of(room)
    deliverer = Deliverer(room.settings.notifier, {"webhook": Failing(NotTakenError("busy", retry_after=120))}, clock)
    claimed = queue.claim(clock.now())
    assert claimed is not None
    assert queue.finish(claimed, deliverer.attempt(claimed), clock.now())
    clock.advance(timedelta(seconds=119))
    assert queue.claim(clock.now()) is None
    clock.advance(timedelta(seconds=2))
    assert queue.claim(clock.now()) is not None


def test_after_a_day_a_notification_is_given_up(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(*(alert_of(f"a{number}") for number in range(50)))
    clock, queue = ManualClock(SystemClock().now()), queue_of(room)
    deliverer = Deliverer(room.settings.notifier, {"webhook": Failing(NotTakenError("away"))}, clock)
    clock.advance(timedelta(hours=24))
    for _ in range(60):
        clock.advance(timedelta(seconds=1))
        while claimed := queue.claim(clock.now()):
            assert queue.finish(claimed, deliverer.attempt(claimed), clock.now())
    assert room.deliveries.waiting() == 0
    assert {one.result for one in room.deliveries.recent(100)} == {"given_up"}


def test_a_fault_of_a_channel_is_tried_again_and_its_text_is_not_kept(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    room.subscriptions.add(subscription_of(), replace=False)
    room.tell(alert_of())
    couriers = room.couriers(Failing(ValueError("https://hooks.example/t0ken")))
    assert eventually(lambda: len(room.deliveries.recent(5)) >= 2)
    couriers.stop()
    assert {one.answer for one in room.deliveries.recent(5)} == {"not told: ValueError"}
    assert "t0ken" not in caplog.text


def test_couriers_stop_in_time_while_a_receiver_does_not_answer(
    room: Any, subscription_of: Any, alert_of: Any, eventually: Eventually
) -> None:
    release = threading.Event()
    with receiving(lambda _: 204 if release.wait(20) else 500) as receiver:
        room.subscriptions.add(subscription_of(url=receiver.url), replace=False)
        room.tell(alert_of())
        couriers = room.couriers()
        assert eventually(lambda: len(receiver.told) == 1)
        started = time.monotonic()
        couriers.stop()
        assert time.monotonic() - started < 4.5
        assert room.deliveries.waiting() == 1
        release.set()

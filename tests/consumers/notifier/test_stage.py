"""The stage: what of a batch goes into the queue, in a real Valkey."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consumers.notifier.stage import Notifier
from groundswell.clock import ManualClock, SystemClock
from groundswell.errors import FencedError


@pytest.fixture
def desk(room: Any, subscription_of: Any) -> Any:
    """A subscription to everything."""
    return room.subscriptions.add(subscription_of("desk"), replace=False)


def test_a_batch_that_is_processed_twice_is_queued_once(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    stage = room.stage()
    batch = room.records([alert_of(), alert_of(severity="critical", revision=2), alert_of(state="resolved", revision=3)])
    stage.process(batch, {})
    stage.process(batch, {})
    assert room.deliveries.waiting() == 3


def test_the_next_stage_starts_where_the_last_one_stopped(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    assert room.stage().open(0) is None
    room.tell(alert_of("a1"), alert_of("a2"))
    assert room.stage().open(0) == 2


def test_a_stage_that_another_has_overtaken_is_fenced(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    old = room.stage()
    batch = room.records([alert_of()])
    room.stage().process(batch, {})
    with pytest.raises(FencedError):
        old.process([replace(record, offset=record.offset + 1) for record in batch], {})
    assert room.deliveries.waiting() == 1


def test_a_store_that_lost_its_last_second_is_read_to_again(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    stage = room.stage()
    first, second = room.records([alert_of("a1"), alert_of("a2")])
    stage.process([first], {})
    room.client.hset(f"{{{room.settings.redis.prefix}:notifier}}:position", "0", "0")
    with pytest.raises(FencedError):
        stage.process([second], {})
    assert stage.open(0) == 0
    stage.process([first, second], {})
    assert room.deliveries.waiting() == 2


def test_an_alert_in_the_second_that_a_store_lost_is_told_though_no_other_comes(
    room: Any,
    desk: Any,  # noqa: ARG001
    alert_of: Any,
) -> None:
    clock = ManualClock(SystemClock().now())
    stage = Notifier(room.settings, room.client, clock)
    stage.open(0)
    stage.process(room.records([alert_of("a1")]), {})
    room.client.hset(f"{{{room.settings.redis.prefix}:notifier}}:position", "0", "0")
    clock.advance(timedelta(seconds=2))
    with pytest.raises(FencedError):
        stage.tick({}, {})


def test_what_is_no_alert_fails_and_the_others_go_on(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    good, bad, gone = room.records([alert_of(), alert_of(), None])
    result = room.stage().process([replace(bad, value=b"\xff{oops"), replace(good, offset=1), replace(gone, offset=2)], {})
    assert [failure.record.value for failure in result.failures] == [b"\xff{oops"]
    assert room.deliveries.waiting() == 1
    assert room.stage().open(0) == 3


def test_alerts_from_before_a_subscription_are_not_told(room: Any, subscription_of: Any, alert_of: Any) -> None:
    now = SystemClock().now()
    room.subscriptions.add(subscription_of("desk", created_at=now), replace=False)
    stage = room.stage()
    stage.process(room.records([alert_of("a1"), alert_of("a2")], at=now - timedelta(minutes=1)), {})
    assert room.deliveries.waiting() == 0
    stage.process(room.records([alert_of("a1", revision=2), alert_of("a2", state="resolved", revision=2)]), {})
    assert room.deliveries.waiting() == 1


def test_alerts_older_than_what_is_remembered_are_not_told(room: Any, desk: Any, alert_of: Any) -> None:  # noqa: ARG001
    old = SystemClock().now() - timedelta(days=31)
    room.stage().process(room.records([alert_of()], at=old), {})
    assert room.deliveries.waiting() == 0


def test_a_subscription_for_grave_alerts_hears_of_them_once_they_are(room: Any, subscription_of: Any, alert_of: Any) -> None:
    room.subscriptions.add(subscription_of("desk", filter={"severity": "critical"}), replace=False)
    room.tell(alert_of())
    assert room.deliveries.waiting() == 0
    room.tell(alert_of(severity="critical", revision=2), alert_of(severity="info", state="resolved", revision=3))
    assert room.deliveries.waiting() == 2


def test_a_large_batch_is_queued_whole(room: Any, subscription_of: Any, alert_of: Any) -> None:
    for number in range(42):
        room.subscriptions.add(subscription_of(f"desk{number}"), replace=False)
    room.tell(*(alert_of(f"a{number}") for number in range(50)))
    assert room.deliveries.waiting() == 42 * 50
    assert room.stage().open(0) == 50

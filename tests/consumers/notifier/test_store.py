"""Subscriptions and the log of deliveries, in a real Valkey."""

from typing import Any

import pytest

from groundswell.errors import FatalError


def test_a_subscription_comes_back_as_it_was_put_in(room: Any, subscription_of: Any) -> None:
    kept = room.subscriptions.add(subscription_of("desk", language="zh"), replace=False)
    assert room.subscriptions.all() == [kept]
    assert room.subscriptions.get("desk") == kept
    assert room.subscriptions.get("other") is None


def test_a_name_that_is_taken_is_refused_in_a_line_that_names_replace(room: Any, subscription_of: Any) -> None:
    room.subscriptions.add(subscription_of("desk"), replace=False)
    with pytest.raises(FatalError, match="--replace"):
        room.subscriptions.add(subscription_of("desk"), replace=False)


def test_who_is_replaced_keeps_id_and_time_of_creation(room: Any, subscription_of: Any) -> None:
    old = room.subscriptions.add(subscription_of("desk"), replace=False)
    new = subscription_of("desk", url="http://127.0.0.1:2/", created_at="2026-04-01T00:00:00Z")
    kept = room.subscriptions.add(new, replace=True)
    assert (kept.id, kept.created_at) == (old.id, old.created_at)
    assert room.subscriptions.get("desk").target == new.target


def test_a_subscription_that_cannot_be_read_hides_no_other(room: Any, subscription_of: Any) -> None:
    kept = room.subscriptions.add(subscription_of("desk"), replace=False)
    key = f"{{{room.settings.redis.prefix}:notifier}}:subscriptions"
    room.client.hset(key, "ancient", '{"name": "ancient", "where": "by pigeon"}')
    assert room.subscriptions.all() == [kept]
    assert room.subscriptions.add(subscription_of("ancient"), replace=True).name == "ancient"


def test_too_many_subscriptions_are_refused(room: Any, subscription_of: Any) -> None:
    key = f"{{{room.settings.redis.prefix}:notifier}}:subscriptions"
    room.client.hset(key, mapping={f"n{number}": "{}" for number in range(1_000)})
    with pytest.raises(FatalError, match="1,000"):
        room.subscriptions.add(subscription_of("desk"), replace=False)


def test_ending_a_subscription_drops_what_waits_for_it(room: Any, subscription_of: Any, alert_of: Any) -> None:
    for name in ("desk", "risk"):
        room.subscriptions.add(subscription_of(name), replace=False)
    room.tell(alert_of("a1"), alert_of("a2"))
    assert room.deliveries.waiting_by_subscription() == {"desk": 2, "risk": 2}
    assert room.subscriptions.remove("desk")
    assert not room.subscriptions.remove("desk")
    assert room.deliveries.waiting_by_subscription() == {"risk": 2}
    assert room.deliveries.waiting() == 2
    assert not list(room.client.scan_iter(match=f"*{room.settings.redis.prefix}*:desk*"))


def test_the_log_gives_the_newest_first_and_of_one_subscription(
    room: Any, subscription_of: Any, alert_of: Any, receiver: Any, eventually: Any
) -> None:
    for name in ("desk", "risk"):
        room.subscriptions.add(subscription_of(name, url=receiver.url), replace=False)
    room.tell(alert_of("a1"), alert_of("a2"))
    room.couriers()
    assert eventually(lambda: room.deliveries.waiting() == 0)
    found = room.deliveries.recent(10)
    assert [one.alert for one in found if one.subscription == "desk"] == ["a2", "a1"]
    assert {(one.subscription, one.alert) for one in found} == {(n, a) for n in ("desk", "risk") for a in ("a1", "a2")}
    mine = room.deliveries.recent(1, "risk")
    assert [(one.subscription, one.attempt, one.result, one.answer) for one in mine] == [
        ("risk", 1, "delivered", "answered 204")
    ]

"""What is told of an alert, and under which key."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consumers.notifier.decide import deliveries
from consumers.notifier.notification import Occasion, key_of, sample, told_as
from consumers.notifier.subscription import SEVERITIES
from groundswell.clock import SystemClock
from groundswell.messages import Acknowledgement, Severity


@pytest.mark.parametrize("state", ["pending", "acknowledged", "resolved"])
def test_who_was_not_told_hears_of_nothing_but_firing(state: str, alert_of: Any) -> None:
    assert told_as(alert_of(state=state), None) is None
    assert told_as(alert_of(), None) is Occasion.FIRING


def test_who_was_told_hears_of_worse_of_who_took_it_on_and_of_the_end(alert_of: Any) -> None:
    told = Severity.WARNING
    assert told_as(alert_of(severity="critical"), told) is Occasion.ESCALATED
    assert told_as(alert_of(severity="warning"), told) is None
    assert told_as(alert_of(severity="info"), told) is None
    assert told_as(alert_of(state="acknowledged"), told) is Occasion.ACKNOWLEDGED
    assert told_as(alert_of(state="resolved"), told) is Occasion.RESOLVED
    assert told_as(alert_of(state="pending"), told) is None


def test_keys_differ_by_subscription_alert_and_occasion_alone(alert_of: Any, subscription_of: Any) -> None:
    one, other = subscription_of("one"), subscription_of("other")
    keys = {
        key_of(subscription, alert_of(name), occasion)
        for subscription in (one, other)
        for name in ("a1", "a2")
        for occasion in (Occasion.FIRING, Occasion.RESOLVED)
    }
    assert len(keys) == 8
    again = alert_of(severity="critical", revision=7)
    assert key_of(one, again, Occasion.FIRING) == key_of(one, alert_of(), Occasion.FIRING)


def test_each_severity_of_an_escalation_has_a_key_of_its_own(alert_of: Any, subscription_of: Any) -> None:
    one = subscription_of()
    keys = {key_of(one, alert_of(severity=severity), Occasion.ESCALATED) for severity in SEVERITIES}
    assert len(keys) == 3


def test_an_acknowledgement_is_told_once_and_a_later_one_again(alert_of: Any, subscription_of: Any) -> None:
    one = subscription_of()
    by = [Acknowledgement(by="mei", at=SystemClock().now() + timedelta(hours=hour)) for hour in range(2)]
    taken = [alert_of(state="acknowledged", severity=severity, acknowledgement=by[0]) for severity in ("info", "warning")]
    again = alert_of(state="acknowledged", severity="critical", acknowledgement=by[1])
    keys = [key_of(one, alert, Occasion.ACKNOWLEDGED) for alert in (*taken, again)]
    assert keys[0] == keys[1] != keys[2]


def test_who_was_told_hears_who_took_it_on_whatever_they_want_by_now(alert_of: Any, subscription_of: Any) -> None:
    one = subscription_of(filter={"entities": ["bolt"]})
    taken = alert_of(state="acknowledged")
    assert [made.occasion for made in deliveries(taken, [one], {one.id: Severity.WARNING})] == [Occasion.ACKNOWLEDGED]
    assert deliveries(taken, [one], {}) == ()


def test_a_sample_says_of_itself_that_it_is_none(subscription_of: Any) -> None:
    told = sample(subscription_of(), SystemClock().now())
    assert told.occasion is Occasion.TEST
    assert "not a real alert" in told.alert.headline.en


Steps = list[tuple[str, Severity]]
STEPS = some.lists(
    some.tuples(some.sampled_from(["pending", "firing", "acknowledged", "resolved"]), some.sampled_from(SEVERITIES)),
    max_size=12,
)


@given(steps=STEPS)
def test_whatever_an_alert_goes_through_the_first_thing_told_is_firing_and_severities_only_rise(
    steps: Steps, alert_of: Any, subscription_of: Any
) -> None:
    one = subscription_of()
    told: dict[str, Severity] = {}
    heard = [made for state, severity in steps for made in deliveries(alert_of(state=state, severity=severity), [one], told)]
    assert [made.occasion for made in heard[:1]] in ([], [Occasion.FIRING])
    ranks = [SEVERITIES.index(made.severity) for made in heard]
    assert ranks == sorted(ranks)


@given(steps=some.lists(some.sampled_from(SEVERITIES), max_size=12), end=some.sampled_from(SEVERITIES))
def test_a_life_that_is_read_a_second_time_makes_no_new_key(
    steps: list[Severity], end: Severity, alert_of: Any, subscription_of: Any
) -> None:
    one = subscription_of()
    told: dict[str, Severity] = {}
    alerts = [*(alert_of(severity=severity) for severity in steps), alert_of(state="resolved", severity=end)]
    first = {made.key for alert in alerts for made in deliveries(alert, [one], told)}
    assert {made.key for alert in alerts for made in deliveries(alert, [one], told)} <= first

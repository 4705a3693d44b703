"""Subscriptions: which alerts they want, and what becomes of their secrets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from consumers.notifier.subscription import SEVERITIES, Filter, Subscription
from groundswell.messages import AlertKind, Severity

OTHER = {"subject": {"entity": "bolt", "topic": "fraud"}, "score": 0.5}


def test_an_empty_filter_wants_all(alert_of: Any) -> None:
    assert Filter().concerns(alert_of())
    assert Filter().concerns(alert_of(subject={"topic": "policy"}, hypotheses=[]))


def test_a_filter_by_entity_also_sees_the_lesser_explanations(alert_of: Any) -> None:
    assert Filter(entities=("bolt",)).concerns(alert_of(hypotheses=[OTHER]))
    assert not Filter(entities=("bolt",)).concerns(alert_of())


def test_entity_and_topic_must_be_of_one_explanation(alert_of: Any) -> None:
    assert Filter(entities=("acme",), topics=("liquidity",)).concerns(alert_of(hypotheses=[OTHER]))
    assert not Filter(entities=("acme",), topics=("fraud",)).concerns(alert_of(hypotheses=[OTHER]))


def test_a_filter_by_kind_wants_no_other(alert_of: Any) -> None:
    assert not Filter(kinds=(AlertKind.SILENCE,)).concerns(alert_of())
    assert Filter(kinds=(AlertKind.SILENCE, AlertKind.NEGATIVE_SURGE)).concerns(alert_of())


@given(least=some.sampled_from(SEVERITIES), severity=some.sampled_from(SEVERITIES))
def test_what_is_grave_enough_stays_so_when_it_gets_worse(least: Severity, severity: Severity) -> None:
    wanted = [one for one in SEVERITIES if Filter(severity=least).grave_enough(one)]
    assert wanted == list(SEVERITIES[SEVERITIES.index(least) :])
    assert Filter(severity=least).grave_enough(severity) == (severity in wanted)


def test_what_prints_a_subscription_shows_no_secret(subscription_of: Any) -> None:
    made = subscription_of(url="https://hooks.example/t0ken")
    assert "t0ken" not in repr(made)
    assert "whsec" not in str(made)


def test_the_stored_form_holds_the_secrets_and_reads_back(subscription_of: Any) -> None:
    made = subscription_of(url="https://hooks.example/t0ken")
    assert Subscription.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("name", ["", "a b", "-x", "a:b", "x" * 65, "名"])
def test_a_name_that_would_not_fit_a_command_line_or_a_key_is_refused(name: str, subscription_of: Any) -> None:
    with pytest.raises(ValidationError):
        subscription_of(name)


def test_a_time_zone_that_does_not_exist_is_refused(subscription_of: Any) -> None:
    with pytest.raises(ValidationError, match="Asia/Shanghai"):
        subscription_of(zone="Mars/Olympus")

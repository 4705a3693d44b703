"""Which alerts a silence or a window is about."""

from typing import Any

import pytest

from consumers.notifier.holding import Matcher

OTHER = {"subject": {"entity": "bolt", "topic": "fraud"}, "score": 0.5}


def test_an_empty_matcher_matches_all(alert_of: Any) -> None:
    assert Matcher().matches(alert_of(severity="critical"))
    assert Matcher().matches(alert_of(subject={"topic": "policy"}, hypotheses=[]))


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({"entities": ["acme"]}, True),
        ({"entities": ["ac*"]}, True),
        ({"entities": ["ACME"]}, False),
        ({"entities": ["bolt", "acme"]}, True),
        ({"entities": ["acme"], "topics": ["liquidity"]}, True),
        ({"entities": ["acme"], "topics": ["fraud"]}, False),
        ({"kinds": ["volume_surge"]}, False),
        ({"kinds": ["volume_surge", "negative_surge"]}, True),
        ({"severity": "info"}, False),
        ({"severity": "warning"}, True),
    ],
)
def test_a_matcher_holds_back_what_it_names_up_to_a_severity(fields: dict[str, Any], matches: bool, alert_of: Any) -> None:
    assert Matcher(**fields).matches(alert_of()) is matches


def test_a_lesser_explanation_does_not_silence_an_alert(alert_of: Any) -> None:
    assert not Matcher(entities=("bolt",)).matches(alert_of(hypotheses=[OTHER]))


def test_the_topic_of_an_alert_on_an_entity_is_that_of_its_likeliest_explanation(alert_of: Any) -> None:
    whole = alert_of(subject={"entity": "acme"})
    assert Matcher(topics=("liquidity",)).matches(whole)
    assert not Matcher(topics=("*",)).matches(alert_of(subject={"entity": "acme"}, hypotheses=[]))


def test_an_alert_on_a_topic_alone_is_matched_by_no_entity(alert_of: Any) -> None:
    assert not Matcher(entities=("*",)).matches(alert_of(subject={"topic": "policy"}))


def test_a_matcher_is_said_in_words() -> None:
    assert str(Matcher()) == "all alerts"
    assert str(Matcher(entities=("a", "b*"), severity="info")) == "entity a, b*; severity info or less"

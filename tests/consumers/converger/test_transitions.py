"""What a step of a life makes of the alert that people see."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.converger.life import Life, Phase
from consumers.converger.transitions import acknowledged, ends, reconsider
from groundswell.messages import Acknowledgement, AlertState
from tests.alerts import alert_of

MINUTE = 29_540_000
FIRING, TAKEN = Life(Phase.FIRING, MINUTE, fired=(MINUTE,)), Life(Phase.ACKNOWLEDGED, MINUTE, fired=(MINUTE,))
BY = Acknowledgement(by="mei", at=datetime(2026, 3, 2, 12, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("more", "worth"), [({"texts": 60}, False), ({"texts": 80}, True), ({"texts": 41, "severity": "critical"}, True)]
)
def test_of_what_fires_twice_the_texts_or_more_severity_are_told(more: dict[str, Any], worth: bool) -> None:
    alert = alert_of(severity="warning")
    revised = alert_of(severity=more.pop("severity", "warning"), revision=2, **more)
    life, told = reconsider(FIRING, alert, revised, MINUTE)
    assert (life, told is revised, told is alert) == (FIRING, worth, not worth)


def test_of_what_is_acknowledged_more_texts_are_not_told() -> None:
    alert = alert_of(state="acknowledged", severity="warning")
    assert reconsider(TAKEN, alert, alert_of(state="acknowledged", severity="warning", texts=400), MINUTE) == (TAKEN, alert)


def test_of_what_is_acknowledged_a_severity_below_critical_is_told_and_it_stays_so() -> None:
    alert = alert_of(state="acknowledged", severity="info")
    revised = alert_of(state="acknowledged", severity="warning", revision=2)
    assert reconsider(TAKEN, alert, revised, MINUTE) == (TAKEN, revised)


def test_what_becomes_critical_needs_a_new_acknowledgement() -> None:
    alert = alert_of(state="acknowledged", severity="warning", acknowledgement=BY)
    revised = alert.model_copy(update={"severity": "critical", "revision": 2})
    life, told = reconsider(TAKEN, alert, revised, MINUTE + 5)
    assert (life.phase, life.since) == (Phase.FIRING, MINUTE + 5)
    assert (told.state, told.acknowledgement, told.revision) == (AlertState.FIRING, None, 2)


def test_only_what_fires_can_be_acknowledged() -> None:
    alert = alert_of(state="pending")
    pending = Life(Phase.PENDING, MINUTE)
    assert acknowledged(pending, alert, BY, MINUTE) == (pending, alert)
    assert acknowledged(TAKEN, alert_of(state="acknowledged"), BY, MINUTE)[0] == TAKEN


def test_an_end_says_whether_it_was_calm_or_nothing_was_heard() -> None:
    assert ends(alert_of(), Life(Phase.RESTING, MINUTE), MINUTE).resolution == "calm"
    assert ends(alert_of(), Life(Phase.RESTING, MINUTE, dry_since=MINUTE - 360), MINUTE).resolution == "no_data"

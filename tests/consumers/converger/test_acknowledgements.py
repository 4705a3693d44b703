"""Acknowledging an alert over a real Valkey: told once, whatever crashes, and only what fires."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.converger.acknowledgements import Acknowledgements
from consumers.converger.stage import Converger
from groundswell.errors import FatalError
from groundswell.kafka import Record
from groundswell.messages import Acknowledgement, Alert, AlertState, Message

Line = Callable[..., list[Record]]
BY = Acknowledgement(by="mei", at=datetime(2026, 3, 2, 9, tzinfo=UTC), note="calling the bank")
FIRES = 48 + 2 * 30
"""Messages of the surge after which its alert fires."""


def asking(stored: Any) -> Acknowledgements:
    return Acknowledgements(stored.client, stored.settings)


def look(stage: Converger, run: Any) -> None:
    """A tick a second later: what it tells is taken by Kafka."""
    stage._clock.advance(timedelta(seconds=2))  # type: ignore[attr-defined]
    run.take(stage.tick({}, {}))


@pytest.fixture
def firing(stored: Any, surge: list[Message], line: Line, drive: Any) -> Any:
    """A store in which an alert fires; what was told so far."""
    run = drive(stored, line(surge[:FIRES]))
    assert run.alerts[-1].state == AlertState.FIRING
    return run


def test_who_acknowledges_an_alert_is_told_of_with_it_once(stored: Any, firing: Any) -> None:
    alert: Alert = firing.alerts[-1]
    stage = stored.converger()
    stage.open(0)
    look(stage, firing)
    before = len(firing.alerts)
    asking(stored).ask(asking(stored).find(alert.id[:8]), BY)
    look(stage, firing)
    look(stage, firing)
    (told,) = firing.alerts[before:]
    assert (told.state, told.acknowledgement, told.revision) == (AlertState.ACKNOWLEDGED, BY, alert.revision + 1)
    assert told.updated_at >= alert.updated_at
    assert not asking(stored).waits(asking(stored).find(alert.id))


def acknowledge(stored: Any, run: Any) -> None:
    """Have the last alert of ``run`` acknowledged, as one that someone takes on."""
    asking(stored).ask(asking(stored).find(run.alerts[-1].id), BY)
    stage = stored.converger()
    stage.open(0)
    look(stage, run)


def test_what_becomes_critical_after_it_was_acknowledged_fires_again(
    stored: Any, firing: Any, surge: list[Message], line: Line, drive: Any
) -> None:
    acknowledge(stored, firing)
    rest = drive(stored, line(surge))
    assert [(one.state, one.severity) for one in rest.alerts] == [("firing", "critical"), ("resolved", "critical")]
    assert all(one.acknowledgement is None for one in rest.alerts)


def test_a_critical_alert_that_is_acknowledged_tells_nothing_more_but_its_end(
    stored: Any, surge: list[Message], line: Line, drive: Any
) -> None:
    run = drive(stored, line(surge[:-3]))
    acknowledge(stored, run)
    rest = drive(stored, line(surge))
    assert [(one.state, one.acknowledgement) for one in rest.alerts] == [(AlertState.RESOLVED, BY)]


def test_a_crash_after_it_was_stored_tells_it_once_more_under_the_same_revision(stored: Any, firing: Any) -> None:
    alert = firing.alerts[-1]
    asking(stored).ask(asking(stored).find(alert.id), BY)
    first = stored.converger()
    first.open(0)
    first._clock.advance(timedelta(seconds=2))
    first.tick({}, {})  # dies before Kafka has what the tick told
    second = stored.converger()
    second.open(0)
    look(second, firing)
    look(second, firing)
    taken = [one for one in firing.alerts if one.state == AlertState.ACKNOWLEDGED]
    assert [(one.id, one.revision) for one in taken] == [(alert.id, alert.revision + 1)]


def test_a_crash_before_the_request_was_forgotten_acknowledges_nothing_twice(stored: Any, firing: Any) -> None:
    alert = firing.alerts[-1]
    asked = asking(stored)
    asked.ask(asked.find(alert.id), BY)
    waiting = asked.of(0)
    stage = stored.converger()
    stage.open(0)
    look(stage, firing)
    stored.client.hset(stage._held[0].keys.asked, mapping=waiting)  # as if the store had not heard that it is done
    stored.client.expire(stage._held[0].keys.asked, 60)
    again = stored.converger()
    again.open(0)
    look(again, firing)
    assert [one.state for one in firing.alerts].count(AlertState.ACKNOWLEDGED) == 1
    assert not asked.of(0)


def test_what_is_asked_for_an_alert_that_is_over_is_forgotten(
    stored: Any, firing: Any, surge: list[Message], line: Line, drive: Any
) -> None:
    asked = asking(stored)
    found = asked.find(firing.alerts[-1].id)
    drive(stored, line(surge))
    asked.ask(found, BY)
    stage = stored.converger()
    stage.open(0)
    look(stage, firing)
    assert not asked.waits(found)
    with pytest.raises(FatalError, match="it may be over"):
        asked.find(found.alert.id)


def test_a_request_that_cannot_be_read_stops_nobody(stored: Any, firing: Any) -> None:
    alert = firing.alerts[-1]
    stage = stored.converger()
    stage.open(0)
    stored.client.hset(stage._held[0].keys.asked, alert.id, "by pigeon")
    stored.client.expire(stage._held[0].keys.asked, 60)
    before = len(firing.alerts)
    look(stage, firing)
    assert len(firing.alerts) == before
    assert not asking(stored).of(0)


@pytest.mark.usefixtures("firing")
def test_an_id_that_no_alert_has_is_refused_in_one_line(stored: Any) -> None:
    with pytest.raises(FatalError, match="no alert in being"):
        asking(stored).find("zzzz")


@pytest.mark.usefixtures("firing")
def test_too_many_requests_are_refused(stored: Any) -> None:
    asked = asking(stored)
    found = asked.find("")
    stage = stored.converger()
    stage.open(0)
    key = stage._held[0].keys.asked
    stored.client.hset(key, mapping={f"a{number}": "{}" for number in range(1_000)})
    stored.client.expire(key, 60)
    with pytest.raises(FatalError, match="1,000"):
        asked.ask(found, BY)

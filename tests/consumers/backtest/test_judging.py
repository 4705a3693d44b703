"""Alerts against a small hand-made truth: the figures can be counted."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.backtest.judging import Judgement, fooled, judge, unjudged
from consumers.backtest.truth import Truth
from groundswell.messages import Alert
from tests.alerts import alert_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def alert(minutes: float, entity: str | None = "acme", **fields: object) -> Alert:
    subject = {"topic": "fraud"} if entity is None else {"entity": entity}
    return alert_of(at(minutes), **{"id": f"{entity}{minutes}", "subject": subject, **fields})


def truth_of(*events: tuple[str, float, float], **fields: object) -> Truth:
    surges = [{"entity": entity, "start": at(start), "end": at(end)} for entity, start, end in events]
    return Truth.model_validate({"surges": surges, **fields})


def judged(alerts: list[Alert], truth: Truth, days: float = 100.0) -> Judgement:
    (found,) = judge(alerts, truth, days)
    return found


TRUTH = truth_of(("acme", 0, 60), ("acme", 1000, 1060), ("brook", 0, 60))


def test_hits_misses_false_alerts_and_repeats_are_counted() -> None:
    alerts = [alert(20), alert(50), alert(1040), alert(500), alert(30, "cedar"), alert(-1, "brook")]
    found = judged(alerts, TRUTH, 50)
    assert found.figures() == {
        "kind": "negative_surge",
        "events": 3,
        "found": 2,
        "recall": 0.667,
        "recall_interval": [0.208, 0.939],
        "precision": 0.4,
        "false_alerts": 3,
        "false_per_100_entity_days": 6.0,
        "repeats": 1,
        "delay_minutes_median": 40.0,
        "delay_minutes_p90": 40.0,
    }
    assert [event.entity for event in found.missed] == ["brook"]
    assert [one.id for one in found.false] == ["brook-1", "cedar30", "acme500"]


@pytest.mark.parametrize(("minutes", "recall"), [(0, 1), (120, 1), (120.1, 0), (-0.1, 0)])
def test_an_alert_counts_from_the_start_to_an_hour_past_the_end(minutes: float, recall: float) -> None:
    assert judged([alert(minutes)], truth_of(("acme", 0, 60))).recall == recall


def test_the_grace_may_be_another() -> None:
    (found,) = judge([alert(65)], truth_of(("acme", 0, 60)), 1, timedelta(minutes=4))
    assert (found.recall, len(found.false)) == (0, 1)


def test_few_events_leave_the_recall_wide_open() -> None:
    events = [("acme", number * 1000.0, number * 1000.0 + 60) for number in range(10)]
    low, high = judged([alert(number * 1000) for number in range(8)], truth_of(*events)).recall_interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)


def test_only_what_fires_is_judged() -> None:
    states = [alert(20, state=state) for state in ("pending", "acknowledged", "resolved")]
    assert judged(states, TRUTH).figures()["found"] == 0
    assert judged(states, TRUTH).precision is None


def test_each_telling_of_a_false_alert_counts() -> None:
    twice = [alert(500), alert(500, revision=2)]
    assert len(judged(twice, TRUTH).false) == 2


def test_overlapping_events_are_found_by_one_alert_each() -> None:
    found = judged([alert(40), alert(50)], truth_of(("acme", 0, 60), ("acme", 30, 90)))
    assert (found.recall, found.repeats) == (1, 0)


def test_kinds_are_judged_apart_and_the_rest_not_at_all() -> None:
    events = [{"entity": "acme", "start": at(0), "end": at(60), "alert": kind} for kind in ("positive_surge", "negative_surge")]
    truth = Truth.model_validate({"surges": events})
    alerts = [alert(5), alert(6, kind="positive_surge"), alert(7, kind="silence"), alert(8, None)]
    negative, positive = judge(alerts, truth, 1)
    assert (negative.recall, positive.recall, len(negative.false), len(positive.false)) == (1, 1, 0, 0)
    assert unjudged(alerts, truth) == 2


def test_a_stream_without_events_has_no_recall_but_false_alerts() -> None:
    found = judged([alert(5)], truth_of(), 10)
    assert (found.recall, found.precision, found.false_per_100_entity_days, found.delay(0.5)) == (None, 0, 10, None)


def test_decoys_are_told_by_kind_with_how_many_raised_an_alert() -> None:
    decoys = [
        {"entity": "acme", "kind": "good_news", "start": at(400), "end": at(500)},
        {"entity": "brook", "kind": "good_news", "start": at(400), "end": at(500)},
        {"entity": "cedar", "kind": "slow_rise"},
    ]
    truth = truth_of(("acme", 0, 60), decoys=decoys)
    alerts = [alert(20), alert(450), alert(470), alert(390, "brook"), alert(9000, "cedar")]
    assert fooled(judge(alerts, truth, 1), truth) == {"good_news": (1, 2), "slow_rise": (1, 1)}

"""Questions to the trends."""

from collections.abc import Callable
from typing import Any

import pytest

from consumers.converger.counts import Counts
from consumers.converger.queries import Trends
from groundswell.kafka import Record
from groundswell.messages import Stance, Watermark
from model.evidence import even, priors

START = 28_000_020 * 60
HOUR = 3600

Line = Callable[..., list[Record]]


@pytest.fixture
def trends(stored: Any, hypothesis_of: Any, mark: Callable[..., Watermark], line: Line, drive: Any) -> Trends:
    """Three texts on acme in two hours, one on a topic without an entity, and one that is not closed yet."""
    at = [hypothesis_of(number, START + number * HOUR / 2) for number in range(3)]
    alone = hypothesis_of(7, START, subject={"topic": "policy"})
    drive(stored, line([*at, alone, mark(2 * HOUR), hypothesis_of(9, START + 3 * HOUR)]))
    return Trends(stored.client, stored.settings)


def test_the_hottest_come_first(trends: Trends) -> None:
    assert [(one.subject, one.trend.texts) for one in trends.hottest(2)] == [("*/acme", 3), ("liquidity/acme", 3)]


def test_a_subject_is_found_by_its_name(trends: Trends) -> None:
    found = trends.find("policy/*")
    assert found is not None
    assert (found.subject, found.last, found.trend.texts) == ("policy/*", START // 60, 1)


def test_an_unknown_subject_is_not_found(trends: Trends) -> None:
    assert trends.find("*/nobody") is None


def test_hours_without_texts_are_shown_as_empty(trends: Trends) -> None:
    found = trends.find("policy/*")
    assert found is not None
    said = even(Stance(negative=0.9, neutral=0.06, positive=0.04), priors()["en"])
    counted = Counts(1, 1, round(said.negative, 3), round(said.positive, 3))
    assert found.hourly(3) == [Counts(0, 0, 0, 0), Counts(0, 0, 0, 0), counted]


def test_all_subjects_are_listed(trends: Trends) -> None:
    assert sorted(one.subject for one in trends.all()) == ["*/acme", "liquidity/acme", "policy/*"]


def test_the_first_open_minute_and_the_watermark_are_told(trends: Trends) -> None:
    assert trends.closed() == [START // 60 + 120]
    assert trends.watermarks() == [START + 2 * HOUR]


def test_minutes_that_are_not_closed_are_waiting(trends: Trends) -> None:
    assert trends.waiting() == 1


def test_an_empty_store_has_nothing_to_say(stored: Any) -> None:
    trends = Trends(stored.client, stored.settings)
    assert (trends.hottest(5), trends.closed(), trends.waiting()) == ([], [None], 0)
    assert trends.watermarks() == [float("-inf")]

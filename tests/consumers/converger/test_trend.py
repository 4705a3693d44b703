"""Trends: counts by hour, exact where late texts still come and small behind, whatever the order of arrival."""

import copy
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.counts import Cell, Counts
from consumers.converger.events import UNITS, Event
from consumers.converger.trend import Trend

MakeEvent = Callable[..., Event]

HOURS = 28 * 24
MOST = 100_000
NOW = 466_667

masses = st.integers(0, MOST * UNITS)
cells = st.tuples(st.integers(1, MOST), masses, masses, masses).map(list)
pasts = st.dictionaries(st.integers(NOW - HOURS - 50, NOW), cells, max_size=30)
bounds = st.integers(NOW - HOURS - 60, NOW + 10)


def trend_of(hours: dict[int, Cell], texts: int = 9, first: int | None = NOW - 700) -> Trend:
    return Trend(texts, first, copy.deepcopy(hours), latest=first and first * 60 + 7)


@given(pasts, st.integers(0, 10**9), st.none() | st.integers(0, 700_000), bounds)
def test_a_trend_comes_back_as_it_was_stored(hours: dict[int, Cell], texts: int, first: int | None, exact_from: int) -> None:
    trend = trend_of(hours, texts, first)
    trend.fold(NOW - HOURS, exact_from)
    back = Trend.decode(trend.encode())
    assert back == trend
    assert back.encode() == trend.encode()


@given(pasts, bounds, bounds)
def test_hours_stay_exact_until_they_are_folded_and_near_afterwards(
    hours: dict[int, Cell], first: int, exact_from: int
) -> None:
    trend = trend_of(hours)
    trend.fold(first, exact_from)
    for at, cell in hours.items():
        if at >= exact_from:
            assert trend.hours[at] == cell
        elif at < first:
            assert at not in trend.hours
        else:
            assert trend.hours[at][0] == pytest.approx(cell[0], rel=0.05, abs=0.5)
            assert trend.hours[at][1:] == pytest.approx(cell[1:], rel=0.05, abs=0.05 * UNITS)


@given(pasts, bounds, st.integers(0, 100))
def test_what_is_folded_already_is_not_changed_by_folding_again(hours: dict[int, Cell], exact_from: int, more: int) -> None:
    once, twice = trend_of(hours), trend_of(hours)
    once.fold(NOW - HOURS, exact_from + more)
    twice.fold(NOW - HOURS, exact_from)
    twice.fold(NOW - HOURS, exact_from)
    twice = Trend.decode(twice.encode())
    twice.fold(NOW - HOURS, exact_from + more)
    assert twice == once


@given(pasts, bounds)
def test_what_is_learned_from_does_not_depend_on_when_it_was_folded(hours: dict[int, Cell], exact_from: int) -> None:
    fresh, folded = trend_of(hours), trend_of(hours)
    folded.fold(0, exact_from)
    one, other = folded.settled(NOW * 60), fresh.settled(NOW * 60)
    assert (one.at.tolist(), one.cells.tolist()) == (other.at.tolist(), other.cells.tolist())
    assert other.at.tolist() == [at for at, _ in fresh.hourly(NOW * 60)]


@given(st.lists(st.integers(0, 300), max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_a_trend(event: MakeEvent, minutes: list[int], random: Random) -> None:
    events = [event(number, minute, negative=number * 7 % UNITS, positive=0) for number, minute in enumerate(minutes)]
    shuffled = random.sample(events, len(events))
    assert _trend(events).encode() == _trend(shuffled).encode()


def test_a_late_text_into_a_rounded_hour_counts(event: MakeEvent) -> None:
    trend = trend_of({NOW - 40: [10, 10 * UNITS, 4 * UNITS, UNITS], NOW: [1, UNITS, 0, 0]}, texts=11)
    trend.fold(NOW - HOURS, NOW - 28)
    for number in range(20):
        trend.add(event(number, (NOW - 40) * 60 + number, negative=1000, positive=0))
    texts, weight, negative, positive = trend.hours[NOW - 40]
    assert (trend.texts, trend.hours[NOW]) == (31, [1, UNITS, 0, 0])
    assert [texts * UNITS, weight, negative] == pytest.approx([30 * UNITS, 30 * UNITS, 24 * UNITS], rel=0.2)
    assert positive == pytest.approx(UNITS, rel=0.05)
    assert Trend.decode(trend.encode()) == trend


def test_a_text_before_all_that_is_kept_moves_the_beginning(event: MakeEvent) -> None:
    trend = _trend([event(1, 600), event(2, 60)])
    assert (trend.first, trend.texts) == (1, 2)


def test_the_past_holds_whole_hours_that_have_ended(event: MakeEvent) -> None:
    trend = _trend([event(number, minute) for number, minute in enumerate((0, 59, 60, 120, 179))])
    assert [hour for hour, _ in trend.hourly(179)] == [0, 1]
    assert [hour for hour, _ in trend.hourly(180)] == [0, 1, 2]
    assert [counts.texts for _, counts in trend.hourly(180)] == [2, 1, 2]


def test_the_last_hours_are_summed_and_hours_without_texts_count_as_nothing(event: MakeEvent) -> None:
    trend = _trend([event(number, minute) for number, minute in enumerate((10, 70, 500))])
    assert trend.last(2, 2) == Counts(2, 2, 1.8, 0.08)
    assert trend.last(5, 8) == Counts(0, 0, 0, 0)
    assert trend.last(9, 9).texts == 3


def test_what_lies_before_the_bounds_is_forgotten_and_the_total_stays(event: MakeEvent) -> None:
    trend = _trend([event(minute, minute) for minute in (10, 70, 130)])
    trend.fold(first=2, exact_from=3)
    assert (sorted(trend.hours), trend.texts, trend.first) == ([2], 3, 0)


@pytest.mark.parametrize("most", [40, 1000, MOST], ids=["busy", "very busy", "a hundred thousand texts an hour"])
def test_the_trend_of_a_subject_that_is_never_quiet_takes_under_four_kilobytes(most: int) -> None:
    random = Random(5)  # noqa: S311
    trend = Trend(10**9, NOW - 700)
    for at in range(NOW - HOURS, NOW):
        texts = random.randint(most // 2, most)
        trend.hours[at] = [texts, *(random.randrange(texts * UNITS) for _ in range(3))]
    trend.fold(NOW - HOURS, NOW - 28)
    assert len(trend.encode()) < 4_096


def _trend(events: list[Event]) -> Trend:
    trend = Trend()
    for event in events:
        trend.add(event)
    return trend

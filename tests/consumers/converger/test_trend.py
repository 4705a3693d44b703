"""Trends: counts by minute and hour, small in the store, whatever the order of arrival."""

from collections.abc import Callable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import UNITS, Event
from consumers.converger.trend import KEPT_MINUTES, Counts, Trend

MakeEvent = Callable[..., Event]

cells = st.dictionaries(
    st.integers(0, 40_000_000),
    st.tuples(st.integers(1, 10_000), st.integers(0, 10**7), st.integers(0, 10**7)).map(list),
    max_size=30,
)


@given(st.integers(0, 10**9), st.none() | st.integers(0, 700_000), cells, cells)
def test_a_trend_comes_back_as_it_was_stored(
    count: int, first: int | None, minutes: dict[int, list[int]], hours: dict[int, list[int]]
) -> None:
    trend = Trend(count, first, minutes, hours)
    assert Trend.decode(trend.encode()) == trend


@given(st.lists(st.integers(0, 300), max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_a_trend(event: MakeEvent, minutes: list[int], random: Random) -> None:
    events = [event(number, minute, negative=number * 7 % UNITS, positive=0) for number, minute in enumerate(minutes)]
    shuffled = random.sample(events, len(events))
    assert _trend(events).encode() == _trend(shuffled).encode()


def test_a_window_ends_before_its_end(event: MakeEvent) -> None:
    trend = _trend([event(minute, minute) for minute in (39, 40, 99, 100)])
    assert trend.window(100, 60) == Counts(2, 1.8, 0.08)


def test_the_past_holds_whole_hours_that_have_ended_and_nothing_of_the_window(event: MakeEvent) -> None:
    trend = _trend([event(number, minute) for number, minute in enumerate((0, 59, 60, 120, 179))])
    assert [hour for hour, _ in trend.hourly(179)] == [0, 1]
    assert [hour for hour, _ in trend.hourly(180)] == [0, 1, 2]
    assert sum(counts.texts for _, counts in trend.hourly(120)) + trend.window(180, 60).texts == trend.texts


def test_what_lies_before_the_bounds_is_forgotten_and_the_total_stays(event: MakeEvent) -> None:
    trend = _trend([event(minute, minute) for minute in (10, 70, 130)])
    trend.forget(minute=70, hour=2)
    assert (sorted(trend.minutes), sorted(trend.hours), trend.texts, trend.first) == ([70, 130], [2], 3, 0)


def test_the_trend_of_a_subject_that_is_never_quiet_takes_under_eight_kilobytes() -> None:
    random, now = Random(5), 28_000_000  # noqa: S311
    trend = Trend(10**6, now // 60 - 700)
    for cells, first, last in ((trend.minutes, now - KEPT_MINUTES, now), (trend.hours, now // 60 - 28 * 24, now // 60)):
        for at in range(first, last):
            texts = random.randint(1, 40)
            cells[at] = [texts, random.randrange(texts * UNITS), random.randrange(texts * UNITS)]
    assert len(trend.encode()) < 8_192


def _trend(events: list[Event]) -> Trend:
    trend = Trend()
    for event in events:
        trend.add(event)
    return trend

"""Whether texts come at all: quiet hours that are usual are no loss of data, a longer silence is."""

from collections.abc import Iterable
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.flow import DAY, Flow
from groundswell.settings import ConvergerSettings

SETTINGS = ConvergerSettings()
START = 28_000_020 // DAY * DAY


def flow_of(minutes: Iterable[int]) -> Flow:
    return reduce(Flow.after, minutes, Flow())


def steady(days: float, every: int = 5) -> Flow:
    """A text each so many minutes."""
    return flow_of(range(START, START + int(days * DAY) + 1, every))


def dry_for(flow: Flow) -> int:
    """For how many minutes after the last text it is not dry."""
    assert flow.last is not None
    return next(gap for gap in range(1, 20 * DAY) if flow.dry(flow.last + gap, SETTINGS))


def test_an_hour_without_any_text_where_one_comes_each_few_minutes_is_a_loss() -> None:
    assert dry_for(steady(2)) == SETTINGS.no_data_minutes + 1


def test_a_partition_of_few_texts_is_given_more_time() -> None:
    assert dry_for(steady(3, every=300)) == 2 * 300 + 1


def test_nothing_is_a_loss_in_the_first_day() -> None:
    flow = steady(0.9)
    assert not flow.dry(START + 30 * DAY, SETTINGS)


def test_nights_are_usual_once_one_was_seen() -> None:
    by_day = [START + day * DAY + minute for day in range(3) for minute in range(9 * 60, 21 * 60)]
    flow = flow_of(by_day)
    assert dry_for(flow) == 2 * (12 * 60 + 1) + 1


def test_a_weekend_is_usual_a_week_after_the_last_one() -> None:
    working = [START + day * DAY + minute for day in range(12) if day % 7 < 5 for minute in range(0, DAY, 5)]
    assert not flow_of(working).dry(working[-1] + 2 * DAY, SETTINGS)


def test_a_week_later_a_long_pause_is_forgotten() -> None:
    rare, often = range(START, START + 2 * DAY, 300), range(START + 2 * DAY, START + 10 * DAY, 5)
    assert dry_for(flow_of([*rare, *often])) == SETTINGS.no_data_minutes + 1


@given(st.lists(st.integers(START, START + 30 * DAY), max_size=60).map(sorted))
def test_a_flow_comes_back_as_it_was_stored(minutes: list[int]) -> None:
    flow = flow_of(minutes)
    assert Flow.decode(flow.encode()) == flow
    assert len(flow.pauses) <= 7


@given(st.lists(st.integers(START, START + 30 * DAY), min_size=1, max_size=60).map(sorted))
def test_a_text_that_has_just_come_is_never_a_loss(minutes: list[int]) -> None:
    assert not flow_of(minutes).dry(minutes[-1], SETTINGS)

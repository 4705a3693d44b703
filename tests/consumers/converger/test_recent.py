"""The last hours of a subject: windows by minute, weights by heads, and the same again after a restart."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.counts import Counts
from consumers.converger.events import Event
from consumers.converger.recent import KEPT_MINUTES, WINDOWS, Recent

MakeEvent = Callable[..., Event]

END = 28_000_020
HOUR = END // 60

voices = st.tuples(st.integers(0, KEPT_MINUTES + 30), st.integers(0, 3), st.integers(0, 3))
"""How many minutes before the end, by whom, which story."""


def spoken(event: MakeEvent, said: list[tuple[int, int, int]]) -> list[Event]:
    return [
        event(number, END - age, author=f"a{author}", story=f"s{story}", negative=number * 37 % 900, positive=number % 100)
        for number, (age, author, story) in enumerate(said)
    ]


def recent_of(events: list[Event]) -> Recent:
    """Each event closed in the minute of its publication."""
    recent = Recent()
    for one in sorted(events, key=lambda one: (one.minute, one.text_id)):
        recent.add(one, one.minute)
    return recent


@given(st.lists(voices, max_size=30), st.integers(-30, 30))
def test_windows_are_the_sums_of_their_minutes(event: MakeEvent, said: list[tuple[int, int, int]], shift: int) -> None:
    recent, end = recent_of(spoken(event, said)), END + shift
    for length, counts in recent.windows(end).items():
        assert counts == Counts.of(cell for at, cell in recent.minutes.items() if end - length <= at < end)
        assert counts == recent.window(end, length)
        assert counts.texts == len(recent.within(end, length))
    assert tuple(recent.windows(end)) == WINDOWS


def test_a_window_ends_before_its_end_and_holds_its_first_minute(event: MakeEvent) -> None:
    recent = recent_of([event(minute, minute) for minute in (END - 61, END - 60, END - 1, END)])
    assert recent.windows(END)[60] == Counts(2, 2, 1.8, 0.08)
    assert [one.minute for one in recent.within(END, 60)] == [END - 60, END - 1]


def test_a_window_that_no_test_uses_is_summed_as_well(event: MakeEvent) -> None:
    recent = recent_of([event(age, END - age) for age in range(1, 100)])
    assert recent.window(END, 47).texts == 47


def test_a_text_that_comes_after_a_window_was_asked_for_counts_in_it(event: MakeEvent) -> None:
    recent = recent_of([event(1, END - 5)])
    assert recent.windows(END)[15].texts == 1
    recent.add(event(2, END - 3), END)
    assert recent.windows(END)[15].texts == 2


@pytest.mark.parametrize("field", ["author", "story"])
@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_texts_of_one_voice_in_an_hour_weigh_as_the_logarithm_of_their_number(event: MakeEvent, field: str, count: int) -> None:
    recent = recent_of([event(number, HOUR * 60 + number % 60, **{field: "one"}) for number in range(count)])
    assert recent.window((HOUR + 1) * 60, 60).weight == pytest.approx(math.log2(1 + count), abs=0.001 * count)


def test_an_author_who_speaks_again_in_another_hour_counts_in_full_again(event: MakeEvent) -> None:
    recent = Recent()
    told = [recent.add(event(hour, (HOUR - hour) * 60, author="one"), END) for hour in range(3)]
    assert told == [1.0, 1.0, 1.0]


def test_texts_without_an_author_do_not_count_as_one_author(event: MakeEvent) -> None:
    recent = recent_of([event(number, END - 1, author=None) for number in range(20)])
    assert recent.window(END, 15).weight == 20


@given(st.lists(voices, min_size=1, max_size=30))
def test_no_text_weighs_more_than_one_and_none_weighs_nothing(event: MakeEvent, said: list[tuple[int, int, int]]) -> None:
    recent = Recent()
    assert all(0 < recent.add(one, END) <= 1 for one in spoken(event, said))


def test_a_text_too_late_for_any_window_counts_as_the_first_of_its_author(event: MakeEvent) -> None:
    recent = Recent()
    assert [recent.add(event(number, END - 1000, author="one"), END) for number in range(3)] == [1.0] * 3


@given(st.lists(voices, max_size=30), st.integers(0, KEPT_MINUTES))
def test_what_is_forgotten_is_gone_and_the_rest_is_as_it_was(
    event: MakeEvent, said: list[tuple[int, int, int]], age: int
) -> None:
    recent = recent_of(spoken(event, said))
    kept = [one for one in recent.events if one.minute >= END - age]
    before = recent.window(END + 1, age + 1)
    recent.forget(END - age)
    assert recent.events == kept
    assert len(recent) == len(kept)
    assert recent.window(END + 1, age + 1) == before
    assert recent.window(END + 1, 10**6) == before


@given(st.lists(voices, max_size=30), voices)
def test_built_again_from_the_events_of_the_last_hours_it_counts_and_weighs_as_before(
    event: MakeEvent, said: list[tuple[int, int, int]], more: tuple[int, int, int]
) -> None:
    events = spoken(event, said)
    one, again = recent_of(events), recent_of([event for event in events if event.minute >= END - KEPT_MINUTES])
    one.forget(END - KEPT_MINUTES)
    assert again.windows(END) == one.windows(END)
    last = event(99, END + more[0] % 60, author=f"a{more[1]}", story=f"s{more[2]}")
    assert again.add(last, last.minute) == one.add(last, last.minute)

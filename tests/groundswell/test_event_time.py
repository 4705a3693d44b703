"""Event time of a partition: no text makes honest ones late, and what is read again comes to the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.event_time import CONFIRMATIONS, EventTime, lateness_of, taken_at
from groundswell.messages import Text
from groundswell.settings import EventTimeSettings

SETTINGS = EventTimeSettings()
LATENESS, MAX_JUMP = SETTINGS.lateness, SETTINGS.max_jump
TEN = datetime(2026, 3, 9, 10, tzinfo=UTC)

seconds = st.floats(min_value=0, max_value=4e9)
texts = st.lists(st.tuples(seconds, st.floats(min_value=0, max_value=7200)), max_size=60)


def watch(state: EventTime, taken: datetime) -> EventTime:
    return state.observe(taken.timestamp(), LATENESS, MAX_JUMP)


@pytest.mark.parametrize("arrived", [timedelta(0), timedelta(days=1)], ids=["caught on arrival", "believed on arrival"])
def test_one_text_dated_tomorrow_makes_no_honest_text_late(arrived: timedelta) -> None:
    published = [TEN, TEN + timedelta(minutes=2), TEN + timedelta(days=1)]
    published += [TEN + timedelta(minutes=3 + number) for number in range(10)]
    state = EventTime()
    for number, time in enumerate(published):
        here = TEN + timedelta(minutes=number) + (arrived if number == 2 else timedelta(0))
        taken = taken_at(time, here, SETTINGS)
        late = state.watermark is not None and taken < state.watermark
        assert not late, f"text {number} of {published}"
        state = state.observe(taken, LATENESS, MAX_JUMP)
    assert state.watermark == (published[-1] - timedelta(seconds=LATENESS)).timestamp()


def test_a_text_from_the_future_counts_when_it_arrived() -> None:
    assert taken_at(TEN + timedelta(days=1), TEN, SETTINGS) == TEN.timestamp()


def test_a_clock_a_little_ahead_is_believed() -> None:
    ahead = TEN + timedelta(seconds=SETTINGS.max_ahead)
    assert taken_at(ahead, TEN, SETTINGS) == ahead.timestamp()


def test_the_end_of_a_quiet_night_is_believed_once_further_texts_confirm_it() -> None:
    state = watch(EventTime(), TEN)
    night = state.watermark
    for number in range(CONFIRMATIONS):
        assert state.watermark == night
        state = watch(state, TEN + timedelta(hours=9, minutes=number))
    assert state.watermark == (TEN + timedelta(hours=9)).timestamp() - LATENESS


def test_a_leap_that_is_contradicted_is_forgotten() -> None:
    state = watch(EventTime(), TEN)
    for minute in range(1, 20):
        state = watch(state, TEN + timedelta(days=1))
        state = watch(state, TEN + timedelta(minutes=minute))
    assert state.watermark == (TEN + timedelta(minutes=19)).timestamp() - LATENESS


def test_word_of_the_time_moves_the_watermark_at_once() -> None:
    state = watch(EventTime(), TEN).advance(TEN.timestamp() + 9 * 3600)
    assert state.watermark == TEN.timestamp() + 9 * 3600
    assert state.advance(TEN.timestamp()) == state


@given(texts, st.lists(seconds, max_size=5))
def test_the_watermark_never_runs_backwards(observed: list[tuple[float, float]], told: list[float]) -> None:
    state, before = EventTime(), float("-inf")
    for number, (taken, lateness) in enumerate(observed):
        state = state.observe(taken, lateness, MAX_JUMP)
        if number < len(told):
            state = state.advance(told[number])
        assert state.watermark is not None
        assert state.watermark >= before
        before = state.watermark


@given(texts)
def test_the_watermark_never_passes_the_newest_text(observed: list[tuple[float, float]]) -> None:
    state = EventTime()
    for taken, lateness in observed:
        state = state.observe(taken, lateness, MAX_JUMP)
    if observed:
        assert state.watermark is not None
        assert state.watermark <= max(taken for taken, _ in observed)


@given(texts, texts)
def test_a_state_goes_on_from_its_note_as_if_it_had_never_been_away(
    before: list[tuple[float, float]], after: list[tuple[float, float]]
) -> None:
    state = EventTime()
    for taken, lateness in before:
        state = state.observe(taken, lateness, MAX_JUMP)
    again = EventTime.decode(state.encode())
    assert again == state
    for taken, lateness in after:
        state, again = state.observe(taken, lateness, MAX_JUMP), again.observe(taken, lateness, MAX_JUMP)
    assert again == state


@pytest.mark.parametrize("note", ["", "null", "{}", "[1, 2]", "not a note", "\ud800"])
def test_a_note_that_is_none_is_the_state_before_the_first_text(note: str) -> None:
    assert EventTime.decode(note) == EventTime()


def test_a_source_has_the_lateness_that_is_set_for_it() -> None:
    settings = EventTimeSettings(lateness=60, source_lateness={"wire": 900})
    assert (lateness_of("wire", settings), lateness_of("forum", settings)) == (900, 60)


def text(taken: datetime, arrived: datetime | None = None) -> Text:
    return Text(text="x", source="s", published_at=taken, ingested_at=arrived or taken)


def test_a_late_text_counts_from_the_watermark_on_and_an_honest_one_from_its_own_time() -> None:
    state, first = EventTime().take(text(TEN), SETTINGS)
    state, later = state.take(text(TEN + timedelta(minutes=10)), SETTINGS)
    state, late = state.take(text(TEN), SETTINGS)
    assert (first, later) == (TEN.timestamp(), TEN.timestamp() + 600)
    assert late == state.watermark == TEN.timestamp() + 600 - LATENESS


def test_a_text_from_the_future_moves_event_time_to_its_arrival_alone() -> None:
    state, counts = EventTime().take(text(TEN + timedelta(days=1), TEN), SETTINGS)
    assert (counts, state.watermark) == (TEN.timestamp(), TEN.timestamp() - LATENESS)

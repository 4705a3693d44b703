"""Pace, with lists and a clock that is moved by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from groundswell.clock import ManualClock
from groundswell.messages import Text
from groundswell.settings import EventTimeSettings
from producers.pace import Pause, paced

START = datetime(2026, 3, 9, 10, tzinfo=UTC)
LATER = START + timedelta(days=30)
SETTINGS = EventTimeSettings(lateness=60.0)


def at(minutes: float) -> Text:
    return Text(text="x", source="s", published_at=START + timedelta(minutes=minutes), ingested_at=LATER)


def pauses(minutes: Iterable[float], speed: float) -> list[float]:
    clock = ManualClock(START)
    waited = []
    for item in paced([at(minute) for minute in minutes], speed, SETTINGS, clock):
        if isinstance(item, Pause):
            waited.append(item.seconds)
            clock.advance(timedelta(seconds=item.seconds))
    return waited


def test_a_replay_at_sixty_times_the_speed_turns_minutes_into_seconds() -> None:
    assert pauses([0, 1, 3], 60) == [1, 2]


def test_texts_out_of_order_make_no_pause_of_their_own() -> None:
    assert pauses([0, 5, 2, 4, 6], 60) == [5, 1]


def test_a_text_dated_tomorrow_does_not_stop_the_replay() -> None:
    assert sum(pauses([0, 1, 24 * 60, 2, 3], 60)) == 3


@given(st.lists(st.floats(-10_000, 10_000), max_size=30), st.floats(0.1, 1e6))
def test_no_pause_is_ever_negative(minutes: list[float], speed: float) -> None:
    assert all(pause > 0 for pause in pauses(minutes, speed))

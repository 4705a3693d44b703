"""Punctuation of replays, with lists."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from groundswell.messages import Text
from groundswell.punctuation import Punctuation, punctuate
from groundswell.settings import EventTimeSettings

START = datetime(2026, 3, 9, 10, tzinfo=UTC)
LATER = START + timedelta(days=30)
SETTINGS = EventTimeSettings(lateness=60.0)


def at(minutes: float) -> Text:
    return Text(text="x", source="s", published_at=START + timedelta(minutes=minutes), ingested_at=LATER)


def marks(minutes: Iterable[float], final: datetime | None = None) -> list[datetime]:
    items = punctuate([at(minute) for minute in minutes], SETTINGS, final=final)
    return [item.time for item in items if isinstance(item, Punctuation)]


def test_event_time_is_told_every_ten_minutes_and_at_the_end() -> None:
    told = [(mark - START) / timedelta(minutes=1) for mark in marks([0, 4, 8, 11, 12, 25, 26])]
    assert told == [10, 24, 25]


def test_one_text_dated_tomorrow_makes_no_later_text_late() -> None:
    assert max(marks([0, 2, 24 * 60, *range(3, 13)])) <= START + timedelta(minutes=12)


def test_a_leap_is_believed_once_two_further_texts_confirm_it() -> None:
    assert max(marks([0, 600, 601, 602])) == START + timedelta(minutes=599)


def test_the_final_mark_comes_last_and_only_when_given() -> None:
    final = START + timedelta(days=9)
    assert marks([0, 1], final)[-1] == final
    assert marks([0, 1])[-1] < START + timedelta(minutes=1)


def test_a_file_without_texts_has_no_marks() -> None:
    assert marks([]) == []


@given(st.lists(st.floats(0, 20_000), max_size=40))
def test_marks_never_go_back_and_stay_behind_the_texts(minutes: list[float]) -> None:
    told = marks(minutes)
    assert told == sorted(told)
    assert all(mark <= START + timedelta(minutes=max(minutes)) - timedelta(seconds=59) for mark in told)

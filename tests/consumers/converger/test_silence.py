"""Silence: told of what speaks often and stops, over when it speaks again, and nothing that nights or an outage make."""

from collections.abc import Callable, Iterable
from itertools import count
from random import Random

import pytest

from consumers.converger.events import Event
from consumers.converger.memory import Memory
from consumers.converger.silence import LONGEST_MINUTES, STEP_MINUTES, a_day, deadline, heard_elsewhere, resumes
from groundswell.messages import Alert, AlertKind, AlertState
from tests.consumers.converger.looking import DAYS, END, HOUR, cell, flat, memory_of
from tests.consumers.converger.playing import Play, by_minute, told

MakeEvent = Callable[..., Event]

START = 28_000_020
DAY = 1440
STOP = START + 3 * DAY
END_OF_PLAY = STOP + DAY

_numbers = count()


def speaking(event: MakeEvent, entity: str, minutes: Iterable[int], **fields: object) -> list[Event]:
    """A calm text on ``entity`` in each of ``minutes``."""
    calm = {"negative": 100, "positive": 100, "subjects": (f"*/{entity}",)}
    return [event(number, minute, **{**calm, **fields}) for number, minute in zip(_numbers, minutes, strict=False)]


def moments(first: int, last: int, each: int = 6) -> list[int]:
    """Random minutes, on average one of ``each``."""
    random = Random(first)  # noqa: S311
    return [minute for minute in range(first, last) if random.random() < 1 / each]


def silences(alerts: Iterable[Alert]) -> list[Alert]:
    return [one for one in alerts if one.kind == AlertKind.SILENCE]


@pytest.fixture(scope="module")
def others(event: MakeEvent) -> list[Event]:
    """Three entities that go on all the time."""
    return [one for name in ("bolt", "cord", "dune") for one in speaking(event, name, moments(START, END_OF_PLAY, 20))]


@pytest.fixture(scope="module")
def stopped(event: MakeEvent, others: list[Event]) -> list[Event]:
    """One of ten texts an hour, in two topics, stops for half a day, then goes on."""
    silent = [*moments(START, STOP), *moments(STOP + DAY // 2, END_OF_PLAY)]
    return [*others, *speaking(event, "acme", silent, subjects=("policy/acme", "fraud/acme", "*/acme"))]


def test_what_speaks_often_and_stops_is_told_after_some_hours_and_until_it_speaks_again(stopped: list[Event]) -> None:
    alerts = silences(told(stopped, [END_OF_PLAY]))
    assert [one.state for one in alerts] == [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED]
    assert {str(one.subject) for one in alerts} == {"*/acme"}
    since = (alerts[0].detected_at.timestamp() / 60 - STOP) / 60
    assert 0.5 < since < 11
    assert alerts[-1].resolved_at is not None
    assert 12 <= (alerts[-1].resolved_at.timestamp() / 60 - STOP) / 60 < 15


def test_a_silence_says_for_how_long_and_what_is_usual(stopped: list[Event]) -> None:
    fires = next(one for one in silences(told(stopped, [END_OF_PLAY])) if one.state == AlertState.FIRING)
    hours = fires.window_minutes / 60
    assert fires.observed == 0
    assert fires.expected == pytest.approx(10 * hours, rel=0.3)
    assert "no text for" in fires.headline.en
    assert fires.started_at.timestamp() / 60 == pytest.approx(STOP, abs=20)


def test_times_of_closing_do_not_change_what_is_told_of_silence(stopped: list[Event]) -> None:
    once = told(stopped, [END_OF_PLAY])
    assert silences(once)
    for every in (7, 60, 999):
        assert told(stopped, [*range(START + 1, END_OF_PLAY, every), END_OF_PLAY]) == once


def test_nights_are_no_silence(event: MakeEvent, others: list[Event]) -> None:
    end = START + 9 * DAY
    waking = [minute for minute in moments(START, end) if minute % DAY < 16 * 60]
    more = [one for name in ("bolt", "cord") for one in speaking(event, name, moments(END_OF_PLAY, end, 20))]
    alerts = silences(told([*others, *more, *speaking(event, "acme", waking)], [end]))
    known = START + 2 * DAY
    assert [one for one in alerts if str(one.subject) == "*/acme" and one.started_at.timestamp() / 60 > known] == []


@pytest.mark.parametrize("hours", [5, 20])
def test_when_nothing_comes_at_all_no_silence_is_told(event: MakeEvent, hours: int) -> None:
    until = STOP + hours * 60
    going = [*moments(START, STOP), *moments(until, until + 300)]
    events = [one for name in ("acme", "bolt", "cord") for one in speaking(event, name, going)]
    assert silences(told(events, [until + 300])) == []


def test_who_stays_silent_after_an_outage_is_told_once_others_are_back(event: MakeEvent) -> None:
    end = STOP + DAY
    going = [*moments(START, STOP), *moments(STOP + 300, end)]
    others = [one for name in ("bolt", "cord") for one in speaking(event, name, going)]
    alerts = silences(told([*others, *speaking(event, "acme", moments(START, STOP))], [end]))
    assert {str(one.subject) for one in alerts} == {"*/acme"}
    assert alerts[0].detected_at.timestamp() / 60 > STOP + 300


def test_a_silence_that_goes_on_for_days_is_looked_at_no_more(event: MakeEvent, others: list[Event]) -> None:
    play, silent = Play(), STOP - DAY
    play.close(by_minute([*others, *speaking(event, "acme", moments(START, silent))]), silent)
    assert play.partition.deadlines.of("*/acme") is not None
    play.close({}, silent + 2 * LONGEST_MINUTES)
    assert play.partition.deadlines.of("*/acme") is None


def test_what_seldom_speaks_has_no_deadline(event: MakeEvent, others: list[Event]) -> None:
    play = Play()
    events = [*others, *speaking(event, "acme", range(START + 360, STOP, 720))]
    assert silences(play.close(by_minute(events), END_OF_PLAY)) == []
    assert play.partition.deadlines.of("*/acme") is None
    assert play.partition.deadlines.of("*/bolt") is not None


def test_a_topic_of_an_entity_has_no_deadline_of_its_own(event: MakeEvent) -> None:
    play = Play()
    play.close(by_minute([*speaking(event, "acme", moments(START, STOP), subjects=("policy/acme", "*/acme"))]), STOP)
    assert play.partition.deadlines.of("*/acme") is not None
    assert play.partition.deadlines.of("policy/acme") is None


def test_a_topic_without_an_entity_may_fall_silent_as_well(event: MakeEvent, others: list[Event]) -> None:
    alerts = silences(told([*others, *speaking(event, "", moments(START, STOP), subjects=("fraud/*",))], [END_OF_PLAY]))
    assert {str(one.subject) for one in alerts} == {"fraud/*"}


def test_a_second_silence_is_told_as_the_first_was(event: MakeEvent, others: list[Event]) -> None:
    end = STOP + 2 * DAY
    going = [*moments(START, STOP), *moments(STOP + 8 * 60, STOP + 20 * 60)]
    more = [one for name in ("bolt", "cord", "dune") for one in speaking(event, name, moments(END_OF_PLAY, end, 20))]
    alerts = silences(told([*others, *more, *speaking(event, "acme", going)], [end]))
    assert len({one.id for one in alerts if one.state == AlertState.FIRING}) == 2


@pytest.mark.parametrize("allowed", [1e-4, 0.01, 1.0])
def test_a_deadline_is_the_first_step_by_which_silence_is_rarer_than_allowed(allowed: float) -> None:
    memory = memory_of(flat(20, 5))
    at = deadline(memory, END, allowed)
    assert at is not None
    assert (at - END) % STEP_MINUTES == 0
    assert a_day(memory, END, at) <= allowed < a_day(memory, END, at - STEP_MINUTES)


def test_the_less_is_allowed_the_later_is_the_deadline_until_there_is_none() -> None:
    memory = memory_of({HOUR - 4 * back: cell(1) for back in range(100)})
    found = [deadline(memory, END, 10.0 ** (3 - 2 * power)) for power in range(12)]
    known = [one for one in found if one is not None]
    assert known == sorted(known)
    assert found[: len(known)] == known
    assert found[0] is not None
    assert found[-1] is None


def test_silence_is_rarer_the_longer_it_lasts() -> None:
    memory = memory_of(flat(3, 1))
    rates = [a_day(memory, END, END + length) for length in range(15, LONGEST_MINUTES, 60)]
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < rates[0] <= 3 * 24 * 1.5


def test_what_is_new_has_no_deadline() -> None:
    assert deadline(memory_of(flat(50, 5, hours=12)), END, 1.0) is None
    assert deadline(Memory(), END, 1000.0) is None


@pytest.mark.parametrize(
    ("before", "last", "due", "moves"),
    [
        (None, 60, None, True),
        (60, 119, 500, False),
        (60, 120, 500, True),
        (60, 60, None, False),
        (60, 60 + STEP_MINUTES, None, True),
        (60, 60 + STEP_MINUTES, 500, False),
    ],
    ids=["the first text", "the same hour", "another hour", "a late text", "after a silence", "no silence was found"],
)
def test_a_deadline_moves_with_the_hours_and_after_a_silence(
    before: int | None, last: int, due: int | None, moves: bool
) -> None:
    assert resumes(before, last, due) is moves


@pytest.mark.parametrize("length", [60, 180, 1440])
def test_others_are_heard_when_a_quarter_of_what_they_should_say_comes(event: MakeEvent, length: int) -> None:
    past = flat(10, 3, until=HOUR)
    window = min(length, 360)
    every = [event(number, END - 1 - number * window // 60) for number in range(60)]
    quiet, loud = memory_of(past), memory_of(past, every)
    quiet.trend.latest = END - length
    assert heard_elsewhere({"*/acme": quiet, "*/bolt": loud}, "*/acme", END, length)
    assert not heard_elsewhere({"*/acme": loud, "*/bolt": memory_of(past)}, "*/acme", END, window)
    assert heard_elsewhere({"*/acme": quiet}, "*/acme", END, length)


def test_where_others_hardly_speak_their_silence_says_nothing() -> None:
    sparse = memory_of({HOUR - 24 * day: cell(1) for day in range(DAYS, -1, -1)})
    assert heard_elsewhere({"*/acme": memory_of(flat(20, 5)), "*/bolt": sparse}, "*/acme", END, 60)

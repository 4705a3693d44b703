"""Surges: what small counts, silence, a flat past, a rhythm and a change of share come to (CASES 11), and what is cold."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.counts import Cell, Counts
from consumers.converger.evaluate import MEASURES
from consumers.converger.events import Event
from consumers.converger.recent import WINDOWS
from consumers.converger.select import Finding
from consumers.converger.surge import COLD_HOURS, Surge, Thresholds, may_pass, share_p_value, surge_of
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings
from tests.consumers.converger import looking
from tests.consumers.converger.looking import DAYS, END, HOUR, cell, flat, memory_of

MakeEvent = Callable[..., Event]

SUBJECT = "*/acme"
STANCES = {AlertKind.NEGATIVE_SURGE, AlertKind.STANCE_SHIFT}
COUNTED = [AlertKind.NEGATIVE_SURGE, AlertKind.POSITIVE_SURGE, AlertKind.VOLUME_SURGE]


def judged(past: dict[int, Cell], events: list[Event], kind: AlertKind = AlertKind.NEGATIVE_SURGE) -> Finding | None:
    """What is found in ``events`` of the last hour after the hourly cells ``past``."""
    return looking.found({SUBJECT: memory_of(past, events)}, kind)


def kinds(past: dict[int, Cell], events: list[Event]) -> set[AlertKind]:
    return set(looking.kinds({SUBJECT: memory_of(past, events)}))


def last_hour(event: MakeEvent, negative: int, neutral: int = 0) -> list[Event]:
    """So many texts, each of its own author, spread over the last hour."""
    total = negative + neutral
    return [
        event(number, END - 60 + number * 60 // total, negative=960 if number < negative else 20, positive=20)
        for number in sorted(range(total), key=lambda number: (number * 7919) % total)
    ]


def quiet(hours: int) -> dict[int, Cell]:
    """One text so many hours ago, and nothing since."""
    return {HOUR - hours: cell(1, 0.3)}


@pytest.mark.parametrize("past", [{}, quiet(4), quiet(200)], ids=["unknown", "new", "long known"])
def test_three_texts_after_silence_are_no_surge(event: MakeEvent, past: dict[int, Cell]) -> None:
    assert kinds(past, last_hour(event, 3)) == set()


@pytest.mark.parametrize("past", [{}, quiet(4)], ids=["unknown", "new"])
def test_five_of_five_are_no_surge(event: MakeEvent, past: dict[int, Cell]) -> None:
    assert kinds(past, last_hour(event, 5)) == set()


def test_five_of_five_where_five_texts_an_hour_are_usual_are_no_surge(event: MakeEvent) -> None:
    assert kinds(flat(5, 1.5), last_hour(event, 5)) == set()


def test_forty_texts_after_two_hundred_quiet_hours_are_a_surge(event: MakeEvent) -> None:
    assert AlertKind.NEGATIVE_SURGE in kinds(quiet(200), last_hour(event, 40))


def test_a_flat_past_without_any_variance_can_still_be_left(event: MakeEvent) -> None:
    assert judged(flat(5, 2), last_hour(event, 60)) is not None


def test_a_flat_past_that_goes_on_is_no_surge(event: MakeEvent) -> None:
    assert kinds(flat(20, 8), last_hour(event, 8, 12)) == set()


def test_180_of_300_against_a_base_of_a_fifth_are_told(event: MakeEvent) -> None:
    assert STANCES & kinds(flat(100, 20), last_hour(event, 180, 120))


def test_the_same_share_of_many_more_texts_is_volume_and_no_stance(event: MakeEvent) -> None:
    assert kinds(flat(20, 6), last_hour(event, 150, 350)) == {AlertKind.VOLUME_SURGE}


def test_a_burst_at_the_same_hour_of_every_day_is_no_surge(event: MakeEvent) -> None:
    daily = {HOUR - 1 - day * 24: cell(40, 36) for day in range(1, DAYS + 1)}
    assert kinds(daily, last_hour(event, 40)) == set()
    assert kinds({at + 12: counted for at, counted in daily.items()}, last_hour(event, 40)) != set()


@pytest.mark.parametrize("past", [{}, {HOUR - 1: cell(2, 1)}], ids=["never heard of", "first heard of an hour ago"])
def test_of_what_is_new_only_the_overwhelming_is_told(event: MakeEvent, past: dict[int, Cell]) -> None:
    assert kinds(past, last_hour(event, 10)) == set()
    told = judged(past, last_hour(event, 200))
    assert told is not None
    assert told.lead.surge.cold


def test_what_is_known_for_long_is_not_cold() -> None:
    for hours, cold in ((int(COLD_HOURS) - 2, True), (int(COLD_HOURS) * 3, False)):
        memory = memory_of(flat(5, 2, hours=hours))
        assert surge_of(memory, "negative", END - 60, 60, Counts(5, 5, 2, 0)).cold is cold


def test_the_window_is_no_part_of_its_own_past(event: MakeEvent) -> None:
    few, many = (memory_of(quiet(200), last_hour(event, count)) for count in (40, 80))
    for length, counts in few.recent.windows(END).items():
        more = many.recent.windows(END)[length]
        one, other = surge_of(few, "negative", END, length, counts), surge_of(many, "negative", END, length, more)
        assert one.expected == other.expected
        assert one.p_value > other.p_value > 0


@pytest.mark.parametrize("kind", COUNTED)
def test_fewer_authors_than_the_least_tell_nothing(event: MakeEvent, kind: AlertKind) -> None:
    fields = {"negative": 40, "positive": 900} if kind == AlertKind.POSITIVE_SURGE else {}
    events = [event(number, END - 1 - number, author=f"a{number}", **fields) for number in range(40)]
    group = {SUBJECT: memory_of(quiet(200), events)}
    assert looking.found(group, kind, min_authors=40) is not None
    assert looking.found(group, kind, min_authors=41) is None


@pytest.mark.parametrize(("leaning", "each", "tells"), [(4, 600, True), (2, 960, False)], ids=["four in doubt", "two for sure"])
def test_texts_that_lean_are_counted_and_not_their_mass(event: MakeEvent, leaning: int, each: int, tells: bool) -> None:
    events = [event(number, END - 9 + number, negative=each if number < leaning else 20, positive=20) for number in range(7)]
    memory = memory_of(flat(1, 0.2), events)
    assert memory.recent.window(END, 15).negative < ConvergerSettings().min_texts
    assert (looking.found({SUBJECT: memory}) is not None) is tells


@pytest.mark.parametrize("kind", COUNTED)
def test_fewer_texts_or_less_of_a_ratio_than_the_least_tell_nothing(event: MakeEvent, kind: AlertKind) -> None:
    fields = {"negative": 40, "positive": 900} if kind == AlertKind.POSITIVE_SURGE else {}
    group = {SUBJECT: memory_of(quiet(200), [event(number, END - 1 - number, **fields) for number in range(40)])}
    assert looking.found(group, kind) is not None
    assert looking.found(group, kind, min_texts=41) is None
    assert looking.found(group, kind, min_ratio=1e6) is None


def test_what_alerts_is_told_for_the_entity_and_its_topic_by_rank(event: MakeEvent) -> None:
    events = last_hour(event, 40)
    both = {name: memory_of(quiet(200), events) for name in ("liquidity/acme", "*/acme")}
    told = looking.found(both)
    assert told is not None
    assert {one.subject for one in told.candidates} == set(both)
    scores = [one.score.total for one in told.candidates]
    assert scores == sorted(scores, reverse=True)


@given(st.sampled_from(AlertKind), st.floats(1e-9, 10), st.floats(0, 200), st.floats(0.1, 200), st.floats(0, 1e-3))
def test_what_begins_an_alert_keeps_it_alive(
    kind: AlertKind, a_day: float, observed: float, expected: float, p_value: float
) -> None:
    firing = Thresholds.firing(ConvergerSettings(), kind, a_day)
    surge = Surge("negative", 60, observed, expected, p_value, p_value * 24)
    assert surge.passes(firing.clearing()) or not surge.passes(firing)


@given(st.floats(1, 100), st.floats(1, 100), st.floats(1, 100))
def test_a_larger_share_is_never_likelier_by_chance(negative: float, more: float, rest: float) -> None:
    memory, texts = memory_of(flat(20, 6)), negative + more + rest
    low, high = (
        share_p_value(memory, "negative", END - 60, Counts(int(texts), texts, mass, 0)) for mass in (negative, negative + more)
    )
    assert 0 <= high <= low + 1e-9 <= 1 + 1e-9


def test_every_window_is_looked_at(event: MakeEvent) -> None:
    """Each of the windows finds what fills it alone."""
    for length in WINDOWS:
        events = [event(number, END - length + number * length // 120) for number in range(120)]
        told = judged(flat(1, 0.3, until=HOUR - 6), events)
        assert told is not None
        assert told.lead.surge.observed > 10


THOUSANDTHS = st.integers(0, 1000).map(lambda number: number / 1000)


@given(
    st.sampled_from(COUNTED), st.integers(1, 30), THOUSANDTHS, st.integers(0, 80), THOUSANDTHS, st.floats(1, 3), st.booleans()
)
def test_what_is_not_tested_would_not_pass(
    kind: AlertKind, usual: int, leans: float, texts: int, share: float, factor: float, known: bool
) -> None:
    thresholds = Thresholds.firing(ConvergerSettings(), kind, 10.0)
    memory = memory_of(flat(usual, usual * leans) if known else quiet(4))
    observed = Counts(texts, texts, texts * share, texts * (1 - share))
    for length in WINDOWS:
        measure = MEASURES[kind]
        tested = surge_of(memory, measure, END, length, observed, factor)
        for one in (thresholds, thresholds.clearing()):
            assert may_pass(memory, measure, END, length, observed, one) or not tested.passes(one)

"""The level that a stance is told against: its past, or higher while a change is told and once one has settled."""

from collections.abc import Callable

import pytest

from consumers.converger.counts import Cell, Counts
from consumers.converger.events import Event
from consumers.converger.level import changing, raised, usual
from consumers.converger.memory import Memory
from consumers.converger.surge import surge_of
from groundswell.messages import AlertKind
from tests.consumers.converger import looking
from tests.consumers.converger.looking import END, HOUR, flat, memory_of

MakeEvent = Callable[..., Event]

SUBJECT = "*/acme"


def turned(days: int) -> dict[int, Cell]:
    """Four weeks of twenty texts an hour, a fifth of their mass negative, in the last ``days`` half of it."""
    return {**flat(20, 4, hours=28 * 24, until=HOUR), **flat(20, 10, hours=days * 24, until=HOUR)}


@pytest.fixture
def last_hours(event: MakeEvent) -> list[Event]:
    """Twenty texts in each of the last six hours, half of them negative."""
    ages = [(number * 7919) % 360 + 1 for number in range(120)]
    return [event(number, END - age, negative=980 if number % 2 else 20, positive=10) for number, age in enumerate(ages)]


def test_the_usual_share_is_that_of_the_past_and_a_common_one_where_nothing_is_known() -> None:
    assert usual(memory_of(turned(0)), "negative", END) == pytest.approx(0.2, abs=0.005)
    assert usual(Memory(), "negative", END) == pytest.approx(0.3)


def test_a_share_is_raised_by_what_it_is_over_the_usual_one_and_never_lowered() -> None:
    memory = memory_of(turned(0))
    assert raised(memory, "negative", END, 0.5) == pytest.approx(2.5, abs=0.1)
    assert raised(memory, "negative", END, 0.1) == raised(memory, "negative", END, None) == 1.0


def test_a_change_under_way_raises_the_level_and_the_last_hours_have_no_part_in_it() -> None:
    assert changing(memory_of(turned(0)), "negative", END) == 1.0
    factor = changing(memory_of(turned(2)), "negative", END)
    assert 2.0 < factor < 2.6
    assert changing(memory_of({**turned(2), **flat(500, 500, hours=5, until=HOUR)}), "negative", END) == factor


def test_a_share_that_has_settled_is_what_a_stance_is_told_against(last_hours: list[Event]) -> None:
    past = {hour: counts for hour, counts in turned(6).items() if hour < HOUR - 6}
    memory = memory_of(past, last_hours)
    counts = memory.recent.windows(END)[360]
    found = surge_of(memory, "negative", END, 360, counts)
    assert found.factor > 1.2
    assert found.expected == pytest.approx(counts.negative, rel=0.15)
    assert surge_of(memory, "texts", END, 360, counts).factor == 1.0


@pytest.mark.parametrize(("days", "tells"), [(0, True), (6, False)], ids=["from a fifth", "where a half is usual"])
def test_half_negative_texts_are_told_only_where_that_is_not_usual(last_hours: list[Event], days: int, *, tells: bool) -> None:
    past = {hour: counts for hour, counts in turned(days).items() if hour < HOUR - 6}
    kind = AlertKind.NEGATIVE_SURGE
    assert (looking.found({SUBJECT: memory_of(past, last_hours)}, kind, false_alarms_a_day=50.0) is not None) is tells


def test_many_more_texts_of_a_share_that_has_settled_still_surge(event: MakeEvent) -> None:
    many = [event(number, END - 1 - number % 60) for number in range(300)]
    past = {hour: counts for hour, counts in turned(6).items() if hour < HOUR - 1}
    assert looking.found({SUBJECT: memory_of(past, many)}) is not None


def test_the_less_a_factor_lets_expect_the_rarer_is_a_window() -> None:
    memory = memory_of(turned(0))
    tails = [surge_of(memory, "negative", END, 60, Counts(40, 40, 24, 1), factor).p_value for factor in (1.0, 1.5, 2.5)]
    assert tails == sorted(tails)

"""Slow changes of a share: found within days though no window sees them, told once, over when they go back or are usual."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from consumers.converger.counts import Cell
from consumers.converger.cusum import PAST_HOURS
from consumers.converger.events import Event
from consumers.converger.shift import LEAST_TEXTS, Course, course
from consumers.converger.trend import Trend
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings
from tests.consumers.converger import looking
from tests.consumers.converger.looking import END, HOUR, cell, flat, memory_of

MakeEvent = Callable[..., Event]

DAY = 24
SUBJECT = "*/acme"


def hours(shares: list[float], texts: int = 20, seed: int = 1) -> dict[int, Cell]:
    """Hours up to the last, of so many texts each, whose negative shares vary around ``shares`` as moods do (a + b = 40)."""
    noise = np.random.default_rng(seed)
    told = {}
    for back, share in enumerate(reversed(shares)):
        mood = noise.beta(40 * share, 40 * (1 - share))
        told[HOUR - 1 - back] = cell(texts, float(noise.binomial(texts, mood)))
    return told


def found(past: dict[int, Cell], end: int = END) -> bool:
    return looking.found({SUBJECT: memory_of(past)}, AlertKind.STANCE_SHIFT, end) is not None


def went(past: dict[int, Cell], measure: str = "negative") -> Course:
    return course(Trend(hours=past).settled(END), measure)


RISE = [*[0.2] * 14 * DAY, *(0.2 + 0.25 * hour / (3 * DAY) for hour in range(3 * DAY)), *[0.45] * 3 * DAY]


@pytest.mark.parametrize("seed", range(5))
def test_a_share_that_rises_over_three_days_is_told_within_days(seed: int) -> None:
    past = hours(RISE, seed=seed)
    begin = END - 6 * DAY * 60
    told = [day for day in range(7) if found(past, begin + day * DAY * 60)]
    assert told[0] in range(1, 5)
    assert told == list(range(told[0], told[-1] + 1))
    assert told[-1] >= 5


@pytest.mark.parametrize("seed", range(10))
def test_thirty_days_of_moods_tell_nothing(seed: int) -> None:
    past = hours([0.3] * 30 * DAY, seed=seed)
    assert not any(found(past, END - hour * 60) for hour in range(0, 28 * DAY, 6))


def test_an_unchanged_share_of_rising_volume_tells_nothing() -> None:
    past = {HOUR - 1 - back: cell(100 if back < 3 * DAY else 20, 30 if back < 3 * DAY else 6) for back in range(20 * DAY)}
    assert not any(found(past, END - hour * 60) for hour in range(0, 5 * DAY, 6))


def test_a_change_back_ends_it() -> None:
    past = hours([*RISE[: -2 * DAY], *[0.2] * 7 * DAY])
    assert found(past, END - 7 * DAY * 60)
    assert not found(past)


def test_a_change_under_way_is_no_part_of_its_yardstick() -> None:
    now = went(hours([*[0.2] * 14 * DAY, *[0.5] * 3 * DAY])).change
    assert now is not None
    assert now.usual == pytest.approx(0.2, abs=0.04)
    assert now.share == pytest.approx(0.5, abs=0.06)
    assert now.since == pytest.approx(HOUR - 3 * DAY, abs=12)
    assert now.texts == pytest.approx(3 * DAY * 20, rel=0.2)


def test_a_share_that_falls_is_no_shift_to_more() -> None:
    assert not found(hours([*[0.5] * 14 * DAY, *[0.2] * 4 * DAY]))


def test_of_a_short_past_nothing_is_told() -> None:
    assert went(hours([0.9] * (PAST_HOURS - 1))) == Course()


def test_of_a_change_over_few_texts_nothing_is_told() -> None:
    few, enough = (flat(2, 1.8, hours=count, until=HOUR) for count in (LEAST_TEXTS // 2 - 1, LEAST_TEXTS // 2))
    assert went({**flat(2, 0.4), **few}).change is None
    assert went({**flat(2, 0.4), **enough}).change is not None


def test_the_longer_a_change_goes_on_the_rarer_it_is_by_chance() -> None:
    changes = [went(hours([*[0.2] * 14 * DAY, *[0.5] * half * 12])).change for half in range(1, 7)]
    rates = [one.a_day for one in changes if one is not None]
    assert len(rates) == 6
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-3


def test_a_change_that_lasts_is_no_news_after_days_but_where_the_share_settled() -> None:
    now = went(hours([*[0.2] * 14 * DAY, *[0.5] * 6 * DAY]))
    assert now.change is None
    assert now.settled == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("days", [2, 6], ids=["under way", "settled"])
def test_a_trend_that_comes_back_from_the_store_went_the_same_way(days: int) -> None:
    trend = Trend(hours=hours([*[0.2] * 14 * DAY, *[0.5] * days * DAY]))
    before = course(trend.settled(END), "negative")
    trend.fold(HOUR - 28 * DAY, HOUR - 28)
    assert course(Trend.decode(trend.encode()).settled(END), "negative") == before
    assert (before.change is None, before.settled is None) == (days == 6, days == 2)


def test_a_share_that_settled_and_goes_back_is_forgotten_bit_by_bit() -> None:
    shares = [*[0.2] * 14 * DAY, *[0.5] * 5 * DAY]
    left = [went(hours([*shares, *[0.2] * days * DAY])).settled for days in (1, 3, 6)]
    assert all(left)
    assert left == sorted(left, reverse=True)  # type: ignore[type-var]
    assert went(hours([*shares, *[0.9] * DAY])).settled == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("texts", "every"), [(20, 1), (4, 1), (1, 3)], ids=["many texts", "some", "few"])
def test_a_change_that_lasts_is_told_once_whichever_hours_history_has_dropped(texts: int, every: int) -> None:
    kept = ConvergerSettings().history_days * DAY
    past = {hour: counts for hour, counts in hours([*[0.2] * 20 * DAY, *[0.5] * 32 * DAY], texts).items() if hour % every == 0}
    seen = [
        found({hour: counts for hour, counts in past.items() if end - kept <= hour < end}, end * 60)
        for end in range(HOUR - 33 * DAY, HOUR, 12)
    ]
    turns = [now for before, now in pairwise(seen) if before != now]
    assert turns == [True, False]


def test_a_change_back_after_it_has_settled_is_one_to_more_of_the_opposite_stance() -> None:
    there, back = (HOUR - days * DAY for days in (12, 3))
    past = {hour: cell(20, *((10, 4) if there <= hour < back else (4, 10))) for hour in range(HOUR - 26 * DAY, HOUR)}
    assert went(past).change is None
    now = went(past, "positive").change
    assert now is not None
    assert now.since == pytest.approx(back, abs=12)
    assert now.usual == pytest.approx(0.2, abs=0.1)
    assert now.share == pytest.approx(0.5, abs=0.01)


def test_a_silent_past_between_texts_changes_no_share() -> None:
    random = Random(2)  # noqa: S311
    past = {HOUR - 1 - back: cell(4, 1.2) for back in range(20 * DAY) if random.random() < 0.3}
    assert not any(found(past, END - hour * 60) for hour in range(0, 5 * DAY, 6))

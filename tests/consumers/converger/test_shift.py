"""Slow changes of a share: found within days though no window sees them, told once, over when they go back or are usual."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from consumers.converger.counts import Cell
from consumers.converger.cusum import PAST_HOURS
from consumers.converger.events import Event
from consumers.converger.life import Life, Phase, step
from consumers.converger.shift import CLEARING_CHANGE, LEAST_CHANGE, LEAST_TEXTS, Course, course
from consumers.converger.surge import Surge, Thresholds
from consumers.converger.trend import Trend
from groundswell.messages import Alert, AlertKind, AlertState
from groundswell.settings import ConvergerSettings
from tests.consumers.converger import looking
from tests.consumers.converger.looking import END, HOUR, cell, flat, memory_of
from tests.consumers.converger.playing import told

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
    return course(Trend(hours=past), measure, END)


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


def passes(change: float) -> tuple[bool, bool]:
    """Whether a sure change by so many points of share is over the firing and over the clearing thresholds."""
    firing = Thresholds.firing(ConvergerSettings(), AlertKind.STANCE_SHIFT, 0.001)
    surge = Surge("negative", 3000, 0.3 + change, 0.3, 0.0, 0.0, counts=False)
    return surge.passes(firing), surge.passes(firing.clearing())


def test_a_small_change_is_not_worth_telling_and_one_that_is_told_has_to_become_smaller_yet_to_end() -> None:
    assert passes(LEAST_CHANGE + 0.01) == (True, True)
    assert passes(LEAST_CHANGE - 0.01) == (False, True)
    assert passes(CLEARING_CHANGE - 0.01) == (False, False)


def test_a_change_that_swings_around_the_least_fires_once() -> None:
    life: Life | None = None
    phases, swings = [], [*[0.121, 0.119] * 2000, *[0.07] * 100]
    for minute, change in enumerate(swings):
        over, above = passes(change)
        life, changed = step(life, minute, over=over, above_clearing=above, settings=ConvergerSettings(pending_minutes=0))
        phases += [life.phase if life else None] if changed else []
    assert phases == [Phase.PENDING, Phase.FIRING, Phase.RESTING]


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


# Whole partitions, closed minute by minute.


def play(event: MakeEvent, shares: Callable[[float], float], days: int, texts: int, seed: int) -> list[Alert]:
    """What is told of so many texts an hour over ``days``, of which ``shares``, by the day, are negative."""
    random, events = Random(seed), []  # noqa: S311
    for number, minute in enumerate(sorted(random.randrange(END, END + days * 1440) for _ in range(days * DAY * texts))):
        negative = random.random() < shares((minute - END) / 1440)
        events.append(event(number, minute, negative=950 if negative else 20, positive=20))
    alerts = told(events, [*range(END + 1440, END + days * 1440, 1440), END + days * 1440], false_alarms_a_day=0.02)
    return [one for one in alerts if one.state != AlertState.PENDING]


def day(moment: datetime | None) -> float:
    """The day of the play in which something was."""
    assert moment is not None
    return (moment.timestamp() / 60 - END) / 1440


def shifts(alerts: list[Alert]) -> tuple[Alert, Alert]:
    """The first and the last that is told of the only shift among ``alerts``."""
    found = [one for one in alerts if one.kind == AlertKind.STANCE_SHIFT]
    assert list(dict.fromkeys(one.state for one in found)) == [AlertState.FIRING, AlertState.RESOLVED]
    assert len({one.id for one in found}) == 1
    return found[0], found[-1]


def test_a_change_is_told_once_since_it_began_and_ends_when_it_goes_back(event: MakeEvent) -> None:
    first, last = shifts(play(event, lambda at: 0.5 if 8 <= at < 11 else 0.2, days=14, texts=6, seed=4))
    assert 8 < day(first.detected_at) < 11
    assert day(first.started_at) == pytest.approx(8, abs=1)
    assert 11 < day(last.resolved_at) < 14


@pytest.fixture(scope="module")
def lasting(event: MakeEvent) -> list[Alert]:
    """What is told of a share that rises in the course of three days and then stays where it is."""
    return play(event, lambda at: min(0.6, 0.2 + 0.4 * max(0.0, at - 6) / 3), days=13, texts=20, seed=1)


def test_a_change_that_lasts_is_told_once_and_is_over_when_it_has_become_usual(lasting: list[Alert]) -> None:
    first, last = shifts(lasting)
    assert 6 < day(first.detected_at) < 11
    assert day(first.detected_at) < day(last.resolved_at) < 12


def test_nothing_is_told_beside_a_shift_that_the_raised_share_explains(lasting: list[Alert]) -> None:
    first, _ = shifts(lasting)
    after = {one.id for one in lasting if one.state == AlertState.FIRING and one.detected_at > first.detected_at}
    assert after == set()

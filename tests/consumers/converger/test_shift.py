"""Slow changes of a share: found within days though no window sees them, not taken for the usual, and over when they are."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from consumers.converger.counts import Cell
from consumers.converger.events import Event
from consumers.converger.shift import LEAST_CHANGE, LEAST_TEXTS, PAST_HOURS, Shift, shift
from consumers.converger.trend import Trend
from groundswell.messages import Alert, AlertKind, AlertState
from tests.consumers.converger import looking
from tests.consumers.converger.looking import END, HOUR, cell, memory_of
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


def change(past: dict[int, Cell], end: int = END) -> Shift | None:
    return shift(Trend(hours=past), "negative", end)


RISE = [*[0.2] * 14 * DAY, *(0.2 + 0.25 * hour / (3 * DAY) for hour in range(3 * DAY)), *[0.45] * 3 * DAY]


@pytest.mark.parametrize("seed", range(5))
def test_a_share_that_rises_over_three_days_is_told_within_days(seed: int) -> None:
    past = hours(RISE, seed=seed)
    begin = END - 6 * DAY * 60
    told = [day for day in range(7) if found(past, begin + day * DAY * 60)]
    assert told[0] in range(1, 6)
    assert told[-1] == 6


@pytest.mark.parametrize("seed", range(10))
def test_thirty_days_of_moods_tell_nothing(seed: int) -> None:
    past = hours([0.3] * 30 * DAY, seed=seed)
    assert not any(found(past, END - hour * 60) for hour in range(0, 28 * DAY, 6))


def test_an_unchanged_share_of_rising_volume_tells_nothing() -> None:
    past = {HOUR - 1 - back: cell(100 if back < 3 * DAY else 20, 30 if back < 3 * DAY else 6) for back in range(20 * DAY)}
    assert not any(found(past, END - hour * 60) for hour in range(0, 5 * DAY, 6))


def test_a_change_back_ends_it() -> None:
    past = hours([*RISE, *[0.2] * 7 * DAY])
    assert found(past, END - 7 * DAY * 60)
    assert not found(past)


def test_a_change_under_way_is_no_part_of_its_yardstick() -> None:
    now = change(hours([*[0.2] * 14 * DAY, *[0.5] * 6 * DAY]))
    assert now is not None
    assert now.usual == pytest.approx(0.2, abs=0.04)
    assert now.share == pytest.approx(0.5, abs=0.06)
    assert now.since == pytest.approx(HOUR - 6 * DAY, abs=12)
    assert now.texts == pytest.approx(6 * DAY * 20, rel=0.1)


def test_a_share_that_falls_is_no_shift_to_more() -> None:
    assert not found(hours([*[0.5] * 14 * DAY, *[0.2] * 4 * DAY]))


def test_of_a_short_past_nothing_is_told() -> None:
    assert change(hours([0.9] * (PAST_HOURS - 1))) is None


def test_few_texts_or_a_small_change_are_not_worth_telling() -> None:
    assert Shift(HOUR, LEAST_TEXTS, 0.3 + LEAST_CHANGE + 0.01, 0.3, 0.0).tells
    assert not Shift(HOUR, LEAST_TEXTS - 1, 0.9, 0.3, 0.0).tells
    assert not Shift(HOUR, 1000, 0.3 + LEAST_CHANGE - 0.01, 0.3, 0.0).tells


def test_the_longer_a_change_goes_on_the_rarer_it_is_by_chance() -> None:
    rates = [one.a_day for days in range(1, 6) if (one := change(hours([*[0.2] * 14 * DAY, *[0.5] * days * DAY]))) is not None]
    assert len(rates) == 5
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-3


def test_a_silent_past_between_texts_changes_no_share() -> None:
    random = Random(2)  # noqa: S311
    past = {HOUR - 1 - back: cell(4, 1.2) for back in range(20 * DAY) if random.random() < 0.3}
    assert not any(found(past, END - hour * 60) for hour in range(0, 5 * DAY, 6))


# Whole partitions, closed minute by minute: eight days at a fifth, five at half, five at a fifth again.

TURN, BACK, STOP = (END + days * 1440 for days in (8, 13, 18))


@pytest.fixture(scope="module")
def alerts(event: MakeEvent) -> list[Alert]:
    """What is told of six texts an hour with a share that changes twice."""
    random, events = Random(4), []  # noqa: S311
    for number, minute in enumerate(sorted(random.randrange(END, STOP) for _ in range(18 * DAY * 6))):
        negative = random.random() < (0.5 if TURN <= minute < BACK else 0.2)
        events.append(event(number, minute, negative=950 if negative else 20, positive=20))
    return told(events, [STOP], false_alarms_a_day=0.1)


def test_a_change_is_told_once_since_it_began_and_ends_when_it_goes_back(alerts: list[Alert]) -> None:
    shifts = [one for one in alerts if one.kind == AlertKind.STANCE_SHIFT and one.state != AlertState.PENDING]
    assert list(dict.fromkeys(one.state for one in shifts)) == [AlertState.FIRING, AlertState.RESOLVED]
    assert len({one.id for one in shifts}) == 1
    first, last = shifts[0], shifts[-1]
    assert TURN < first.detected_at.timestamp() / 60 < BACK
    assert first.started_at.timestamp() / 60 == pytest.approx(TURN, abs=1440)
    assert last.resolved_at is not None
    assert BACK < last.resolved_at.timestamp() / 60 < STOP

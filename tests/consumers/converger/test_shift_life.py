"""The life of a shift: it swings without flapping, ends when it goes back or is usual, and nothing that it explains is told."""

from collections.abc import Callable
from datetime import datetime
from random import Random

import pytest

from consumers.converger.events import Event
from consumers.converger.life import Life, Phase, step
from consumers.converger.shift import CLEARING_CHANGE, LEAST_CHANGE
from consumers.converger.surge import Surge, Thresholds
from groundswell.messages import Alert, AlertKind, AlertState
from groundswell.settings import ConvergerSettings
from tests.consumers.converger.looking import END
from tests.consumers.converger.playing import told

MakeEvent = Callable[..., Event]

DAY = 24


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
    assert phases == [Phase.FIRING, Phase.RESTING]


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

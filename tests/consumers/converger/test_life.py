"""The life of an alert: no dead ends, no flapping, nothing over because nothing was heard."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.life import Life, Phase, acknowledge, remembered, reopen, step
from groundswell.settings import ConvergerSettings

SETTINGS = ConvergerSettings(pending_minutes=3)
NEXT: dict[Phase | None, set[Phase | None]] = {
    None: {None, Phase.PENDING, Phase.FIRING},
    Phase.PENDING: {Phase.PENDING, Phase.FIRING, None},
    Phase.FIRING: {Phase.FIRING, Phase.ACKNOWLEDGED, Phase.RESTING},
    Phase.ACKNOWLEDGED: {Phase.ACKNOWLEDGED, Phase.FIRING, Phase.RESTING},
    Phase.RESTING: {Phase.RESTING, None},
}


class Minute(NamedTuple):
    """What a minute brings: thresholds passed, whether data comes at all, and what people or severity do after it."""

    over: bool = False
    above: bool = False
    dry: bool = False
    acknowledged: bool = False
    critical: bool = False


QUIET, EDGE, OVER, DRY, TAKEN = (
    Minute(),
    Minute(above=True),
    Minute(over=True, above=True),
    Minute(dry=True),
    Minute(over=True, above=True, acknowledged=True),
)
minutes = st.builds(
    lambda level, dry, taken, critical: level._replace(dry=dry, acknowledged=taken, critical=critical),
    st.sampled_from([QUIET, EDGE, OVER]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
"""Whoever is over the firing thresholds is over the clearing ones."""
runs = st.lists(st.tuples(minutes, st.integers(1, 60)), max_size=30).map(
    lambda parts: [minute for minute, times in parts for _ in range(times)]
)
some_settings = st.builds(
    ConvergerSettings,
    pending_minutes=st.integers(0, 5),
    firing_minutes=st.integers(0, 40),
    resolve_minutes=st.integers(1, 40),
    refractory_minutes=st.integers(0, 40),
    flap_firings=st.integers(1, 3),
    flap_hours=st.integers(1, 12),
    flap_resolve_minutes=st.integers(1, 120),
    no_data_limit_minutes=st.integers(1, 60),
)


def walk(steps: Sequence[Minute], settings: ConvergerSettings = SETTINGS) -> list[Phase | None]:
    """The phases after each step and each thing done, through the lives of one happening."""
    life: Life | None = None
    fired: tuple[int, ...] = ()
    phases: list[Phase | None] = [None]
    for minute, one in enumerate(steps):
        before, (life, changed) = (
            life,
            step(life, minute, over=one.over, above_clearing=one.above, settings=settings, no_data=one.dry, fired=fired),
        )
        phases.append(life.phase if life else None)
        assert changed == (phases[-1] != phases[-2])
        fired = remembered(before.fired, minute, settings) if before and not life else fired
        if life and one.acknowledged:
            life = acknowledge(life, minute)
        if life and one.critical:
            life = reopen(life, minute)
        phases.append(life.phase if life else None)
    return phases


def changes(phases: list[Phase | None]) -> list[Phase | None]:
    """The phases without repetitions, from the first alert on."""
    return [after for before, after in pairwise(phases) if after != before]


def longest_end(settings: ConvergerSettings) -> int:
    """Minutes of calm after which any life is over."""
    calm = max(settings.resolve_minutes, settings.flap_resolve_minutes, settings.firing_minutes)
    return calm + settings.refractory_minutes + 3


@given(runs, some_settings)
def test_whatever_happens_every_step_is_allowed_and_quiet_ends_it(steps: list[Minute], settings: ConvergerSettings) -> None:
    phases = walk([*steps, *[QUIET] * longest_end(settings)], settings)
    assert all(after in NEXT[before] for before, after in pairwise(phases))
    assert phases[-1] is None


@given(runs, some_settings)
def test_a_stream_that_is_down_for_good_ends_every_alert_too(steps: list[Minute], settings: ConvergerSettings) -> None:
    end = [DRY] * (settings.no_data_limit_minutes + settings.refractory_minutes + 3)
    assert walk([*steps, *end], settings)[-1] is None


@given(runs, some_settings)
def test_however_it_flaps_it_fires_a_bounded_number_of_times(steps: list[Minute], settings: ConvergerSettings) -> None:
    """Within the time that is remembered: the first few, then one after each longer calm or loss of data."""
    window = settings.flap_hours * 60
    phases = [phase for phase in walk(steps[:window], settings) if phase is not Phase.ACKNOWLEDGED]
    firings = sum((before, after) == (Phase.PENDING, Phase.FIRING) for before, after in pairwise(phases))
    gap = min(settings.flap_resolve_minutes, settings.no_data_limit_minutes) + settings.refractory_minutes
    assert firings <= settings.flap_firings + 1 + window / gap


def test_a_surge_that_lasts_fires_resolves_rests_and_ends() -> None:
    phases = walk([OVER] * 30 + [QUIET] * 300)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.RESTING, None]


def test_a_surge_of_a_minute_never_fires() -> None:
    assert changes(walk([OVER, QUIET])) == [Phase.PENDING, None]


def test_a_value_about_the_threshold_for_forty_minutes_fires_once_and_resolves_once() -> None:
    flapping = [OVER if minute % 2 else EDGE for minute in range(40)]
    assert changes(walk(flapping + [QUIET] * 300)) == [Phase.PENDING, Phase.FIRING, Phase.RESTING, None]


def test_a_value_about_the_threshold_for_forty_windows_fires_once_and_resolves_once() -> None:
    windows = [OVER if window % 2 else EDGE for window in range(40) for _ in range(15)]
    assert changes(walk(windows + [QUIET] * 300)) == [Phase.PENDING, Phase.FIRING, Phase.RESTING, None]


def test_a_lull_shorter_than_the_time_to_resolve_ends_nothing() -> None:
    lull = [QUIET] * (SETTINGS.resolve_minutes - 1)
    phases = walk([OVER] * 10 + lull + [OVER] * 10 + lull)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING]


def test_a_rest_is_not_cut_short_by_the_same_happening() -> None:
    phases = walk([OVER] * 10 + [QUIET] * (SETTINGS.resolve_minutes + 1) + [OVER] * 20)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.RESTING]


def test_an_alert_fires_for_the_least_time_however_soon_it_is_calm() -> None:
    settings = ConvergerSettings(pending_minutes=0, resolve_minutes=1, firing_minutes=30)
    phases = walk([OVER] + [QUIET] * 60, settings)[::2]
    assert phases.count(Phase.FIRING) == 30


def test_what_need_not_wait_fires_in_the_minute_in_which_it_is_found() -> None:
    life, changed = step(None, 7, over=True, above_clearing=True, settings=ConvergerSettings(pending_minutes=0))
    assert changed
    assert life == Life(Phase.FIRING, 7, fired=(7,))


def test_what_is_acknowledged_resolves_as_what_fires_does() -> None:
    phases = walk([OVER] * 10 + [TAKEN] + [QUIET] * 300)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.ACKNOWLEDGED, Phase.RESTING, None]


def test_only_what_fires_can_be_acknowledged() -> None:
    assert changes(walk([TAKEN] * 2, ConvergerSettings(pending_minutes=2))) == [Phase.PENDING]


def test_what_becomes_critical_is_not_acknowledged_any_more() -> None:
    phases = walk([OVER] * 10 + [TAKEN, OVER._replace(critical=True)])
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.ACKNOWLEDGED, Phase.FIRING]


def test_no_data_is_no_calm() -> None:
    dry = [DRY] * (SETTINGS.no_data_limit_minutes - 1)
    phases = walk([OVER] * 10 + dry + [QUIET] * (SETTINGS.resolve_minutes - 1))
    assert changes(phases) == [Phase.PENDING, Phase.FIRING]


def test_calm_before_and_after_a_loss_of_data_adds_up() -> None:
    half = [QUIET] * (SETTINGS.resolve_minutes // 2 + 1)
    assert changes(walk([OVER] * 10 + half + [DRY] * 100 + half[5:])) == [Phase.PENDING, Phase.FIRING]
    assert changes(walk([OVER] * 10 + half + [DRY] * 100 + half)) == [Phase.PENDING, Phase.FIRING, Phase.RESTING]


def test_a_loss_of_data_past_the_limit_ends_an_alert_and_says_so() -> None:
    life = Life(Phase.FIRING, 0, fired=(0,))
    for minute in range(1, SETTINGS.no_data_limit_minutes + 2):
        stepped, _ = step(life, minute, over=False, above_clearing=False, settings=SETTINGS, no_data=True)
        assert stepped is not None
        life = stepped
    assert (life.phase, life.dry_since) == (Phase.RESTING, 1)


BURST = [OVER] * 10 + [QUIET] * (SETTINGS.resolve_minutes + 1 + SETTINGS.refractory_minutes + 1)


def test_what_fires_for_the_fourth_time_in_a_day_resolves_only_after_a_longer_calm() -> None:
    phases = changes(walk(BURST * 7))
    assert phases.count(Phase.FIRING) == SETTINGS.flap_firings + 1
    assert changes(walk(BURST * 4 + [QUIET] * SETTINGS.flap_resolve_minutes))[-2:] == [Phase.RESTING, None]


def test_what_fires_once_in_a_day_never_flaps() -> None:
    once = [OVER] * 10 + [QUIET] * (24 * 60 - 10)
    assert changes(walk(once * 5)).count(Phase.FIRING) == 5

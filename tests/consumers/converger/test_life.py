"""The life of an alert: no dead ends, no flapping."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.life import Life, Phase, step
from groundswell.settings import ConvergerSettings

SETTINGS = ConvergerSettings()
NEXT: dict[Phase | None, set[Phase | None]] = {
    None: {None, Phase.PENDING},
    Phase.PENDING: {Phase.PENDING, Phase.FIRING, None},
    Phase.FIRING: {Phase.FIRING, Phase.RESTING},
    Phase.RESTING: {Phase.RESTING, None},
}
QUIET = (False, False)

levels = st.sampled_from([QUIET, (False, True), (True, True)])
"""Over the firing thresholds or not, over the clearing ones or not: the former implies the latter."""


def walk(pairs: list[tuple[bool, bool]], settings: ConvergerSettings = SETTINGS) -> list[Phase | None]:
    """The phases through minutes of which each is over the firing and the clearing thresholds or not."""
    life: Life | None = None
    phases: list[Phase | None] = [None]
    for minute, (over, above) in enumerate(pairs):
        life, changed = step(life, minute, over=over, above_clearing=above, settings=settings)
        phases.append(life.phase if life else None)
        assert changed == (phases[-1] != phases[-2])
    return phases


def changes(phases: list[Phase | None]) -> list[Phase | None]:
    """The phases without repetitions, from the first alert on."""
    return [after for before, after in pairwise(phases) if after != before]


@given(st.lists(levels, max_size=400), st.integers(0, 5), st.integers(1, 40), st.integers(0, 40))
def test_whatever_happens_every_step_is_allowed_and_quiet_ends_it(
    pairs: list[tuple[bool, bool]], pending: int, resolve: int, rest: int
) -> None:
    settings = ConvergerSettings(pending_minutes=pending, resolve_minutes=resolve, refractory_minutes=rest)
    phases = walk([*pairs, *[QUIET] * (resolve + rest + 3)], settings)
    assert all(after in NEXT[before] for before, after in pairwise(phases))
    assert phases[-1] is None


def test_a_surge_that_lasts_fires_resolves_rests_and_ends() -> None:
    phases = walk([(True, True)] * 30 + [QUIET] * 300)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.RESTING, None]


def test_a_surge_of_a_minute_never_fires() -> None:
    assert changes(walk([(True, True), QUIET])) == [Phase.PENDING, None]


def test_a_value_about_the_threshold_for_forty_minutes_fires_once_and_resolves_once() -> None:
    flapping = [(minute % 2 == 1, True) for minute in range(40)]
    assert changes(walk(flapping + [QUIET] * 300)) == [Phase.PENDING, Phase.FIRING, Phase.RESTING, None]


def test_a_lull_shorter_than_the_time_to_resolve_ends_nothing() -> None:
    lull = [QUIET] * (SETTINGS.resolve_minutes - 1)
    phases = walk([(True, True)] * 10 + lull + [(True, True)] * 10 + lull)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING]


def test_a_rest_is_not_cut_short_by_the_same_happening() -> None:
    phases = walk([(True, True)] * 10 + [QUIET] * (SETTINGS.resolve_minutes + 1) + [(True, True)] * 20)
    assert changes(phases) == [Phase.PENDING, Phase.FIRING, Phase.RESTING]

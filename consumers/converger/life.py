"""The life of an alert: pending, firing, acknowledged, resolved, then a time in which the same happening starts no new one.

A state machine over minutes of event time; pure, so that a replay takes the same steps. Each minute of a life is stepped
through once.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from groundswell.settings import ConvergerSettings


class Phase(StrEnum):
    """Where an alert stands; resting is resolved, but too lately for a new one."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESTING = "resting"


@dataclass(frozen=True)
class Life:
    """The state of one happening; all times in minutes since the epoch."""

    phase: Phase
    since: int
    """When the phase began."""
    calm_since: int | None = None
    """From when the clearing thresholds have not been passed, in firing; minutes without data are left out."""
    dry_since: int | None = None
    """From when it has been neither above nor calm, since no data comes; in resting: it was resolved for that reason."""
    fired: tuple[int, ...] = ()
    """When the same happening last began to fire, this alert included, oldest first; within ``flap_hours``."""

    @property
    def open(self) -> bool:
        """Whether people are, or may soon be, concerned."""
        return self.phase != Phase.RESTING

    def flapping(self, settings: ConvergerSettings) -> bool:
        """Whether the happening began to fire so often that it resolves only after a longer calm."""
        return len(self.fired) > settings.flap_firings


def step(
    life: Life | None,
    minute: int,
    *,
    over: bool,
    above_clearing: bool,
    settings: ConvergerSettings,
    no_data: bool = False,
    fired: tuple[int, ...] = (),
) -> tuple[Life | None, bool]:
    """The life after ``minute``, and whether its phase changed.

    ``over``: the firing thresholds are passed; ``above_clearing``: the lower ones are. ``no_data``: nothing at all comes, so
    that being under them says nothing. ``fired``: what `remembered` gave of the lives of the same happening before.
    """
    after = _next(life, minute, over, above_clearing, no_data, fired, settings)
    return after, (after.phase if after else None) != (life.phase if life else None)


def acknowledge(life: Life, minute: int) -> Life:
    """The life after someone acknowledged it at the end of ``minute``; only what fires can be acknowledged."""
    return replace(life, phase=Phase.ACKNOWLEDGED, since=minute) if life.phase == Phase.FIRING else life


def reopen(life: Life, minute: int) -> Life:
    """The life when in ``minute`` it became so grave that an acknowledgement given before does not hold any more."""
    return replace(life, phase=Phase.FIRING, since=minute) if life.phase == Phase.ACKNOWLEDGED else life


def remembered(fired: tuple[int, ...], minute: int, settings: ConvergerSettings) -> tuple[int, ...]:
    """What of ``fired`` still counts for flapping at ``minute``: the last ``flap_hours``."""
    return tuple(at for at in fired if minute - at < settings.flap_hours * 60)


def _next(
    life: Life | None,
    minute: int,
    over: bool,  # noqa: FBT001 - all three by name in `step`
    above: bool,  # noqa: FBT001
    no_data: bool,  # noqa: FBT001
    fired: tuple[int, ...],
    settings: ConvergerSettings,
) -> Life | None:
    match life:
        case None:
            return _pending(Life(Phase.PENDING, minute, fired=fired), minute, settings) if over else None
        case Life(phase=Phase.PENDING) if over:
            return _pending(life, minute, settings)
        case Life(phase=Phase.PENDING):
            return life if above else None
        case Life(phase=Phase.RESTING):
            return None if minute - life.since >= settings.refractory_minutes else life
        case _ if above:
            return replace(life, calm_since=None, dry_since=None)
        case _:
            return _dry(life, minute, settings) if no_data else _calm(life, minute, settings)


def _pending(life: Life, minute: int, settings: ConvergerSettings) -> Life:
    """What is pending, after a minute over the firing thresholds: it fires once it has waited for long enough."""
    if minute - life.since < settings.pending_minutes:
        return life
    return Life(Phase.FIRING, minute, fired=(*remembered(life.fired, minute, settings), minute))


def _calm(life: Life, minute: int, settings: ConvergerSettings) -> Life:
    """What fires, after a minute of calm."""
    calm = life.calm_since if life.calm_since is not None else minute
    enough = settings.flap_resolve_minutes if life.flapping(settings) else settings.resolve_minutes
    if minute - calm >= enough and minute - life.fired[-1] >= settings.firing_minutes:
        return Life(Phase.RESTING, minute, fired=life.fired)
    return replace(life, calm_since=calm, dry_since=None)


def _dry(life: Life, minute: int, settings: ConvergerSettings) -> Life:
    """What fires, after a minute in which nobody knows: its calm neither grows nor ends."""
    dry = life.dry_since if life.dry_since is not None else minute
    if minute - dry >= settings.no_data_limit_minutes:
        return Life(Phase.RESTING, minute, dry_since=dry, fired=life.fired)
    return replace(life, dry_since=dry, calm_since=None if life.calm_since is None else life.calm_since + 1)

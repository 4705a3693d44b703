"""The life of an alert: pending, firing, resolved, then a time in which the same happening starts no new one.

A state machine over minutes of event time; pure, so that a replay takes the same steps.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from groundswell.settings import ConvergerSettings


class Phase(StrEnum):
    """Where an alert stands; resting is resolved, but too lately for a new one."""

    PENDING = "pending"
    FIRING = "firing"
    RESTING = "resting"


@dataclass(frozen=True)
class Life:
    """The state of one happening; all times in minutes since the epoch."""

    phase: Phase
    since: int
    """When the phase began."""
    calm_since: int | None = None
    """From when the clearing thresholds have not been passed, in firing."""


def step(
    life: Life | None, minute: int, *, over: bool, above_clearing: bool, settings: ConvergerSettings
) -> tuple[Life | None, bool]:
    """The life after ``minute``, and whether its phase changed.

    ``over``: the firing thresholds are passed; ``above_clearing``: the lower ones are.
    """
    after = _next(life, minute, over=over, above_clearing=above_clearing, settings=settings)
    return after, (after.phase if after else None) != (life.phase if life else None)


def _next(life: Life | None, minute: int, *, over: bool, above_clearing: bool, settings: ConvergerSettings) -> Life | None:  # noqa: PLR0911 - one return a transition reads best
    match life:
        case None:
            return Life(Phase.PENDING, minute) if over else None
        case Life(phase=Phase.PENDING):
            if not above_clearing:
                return None
            if over and minute - life.since >= settings.pending_minutes:
                return Life(Phase.FIRING, minute)
            return life
        case Life(phase=Phase.FIRING):
            if above_clearing:
                return replace(life, calm_since=None)
            calm = life.calm_since if life.calm_since is not None else minute
            if minute - calm >= settings.resolve_minutes:
                return Life(Phase.RESTING, minute)
            return replace(life, calm_since=calm)
        case _:
            return None if minute - life.since >= settings.refractory_minutes else life

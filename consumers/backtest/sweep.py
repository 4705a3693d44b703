"""The same stream at a grid of the user's knob, so that they can choose it by what it costs and what it brings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from consumers.backtest.judging import Judgement, judge
from consumers.backtest.truth import Truth
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings

KNOB = "false_alarms_a_day"
"""The setting of the converger that is swept."""
STEPS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
"""The grid, as multiples of the value in force."""
Run = Callable[[ConvergerSettings], Sequence[Alert]]


@dataclass(frozen=True)
class Point:
    """What one value of the knob comes to; ``chosen`` is the value in force."""

    value: float
    chosen: bool
    judgements: Sequence[Judgement]


def grid(settings: ConvergerSettings) -> list[tuple[float, ConvergerSettings]]:
    """The values of the grid that the setting may have, in order, each with the settings that have it."""
    values = (float(f"{getattr(settings, KNOB) * step:.6g}") for step in STEPS)
    found = ((value, _with(settings, value)) for value in values)
    return [(value, chosen) for value, chosen in found if chosen is not None]


def _with(settings: ConvergerSettings, value: float) -> ConvergerSettings | None:
    try:
        return ConvergerSettings.model_validate({**settings.model_dump(), KNOB: value})
    except ValidationError:
        return None


def sweep(settings: ConvergerSettings, run: Run, truth: Truth, entity_days: float, grace: timedelta) -> Iterator[Point]:
    """A point for each value of the grid, in order of the value."""
    for value, tried in grid(settings):
        yield Point(value, tried == settings, judge(run(tried), truth, entity_days, grace))

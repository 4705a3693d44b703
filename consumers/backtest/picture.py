"""The sweep as a picture: recall and delay against false alarms, with the value in force marked."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from consumers.backtest.sweep import Point
from groundswell.errors import FatalError
from groundswell.messages import AlertKind

LINEAR = 0.1
"""False alarms per 100 entity-days under which the axis is linear, so that none has a place on it."""
LINE, CHOSEN = "#4878a8", "#b5392f"


def draw(points: Sequence[Point], knob: str, path: Path) -> None:
    """Write the picture of ``points`` to ``path``, one column a kind of alert; FatalError where it cannot be written."""
    kinds = [judgement.kind for judgement in points[0].judgements]
    picture = Figure(figsize=(6.5 * len(kinds), 7), dpi=110, layout="constrained")
    FigureCanvasAgg(picture)
    for column, kind in zip(picture.subplots(2, len(kinds), sharex="col", squeeze=False).T, kinds, strict=True):
        _column(column[0], column[1], points, kind, knob)
    try:
        picture.savefig(path)
    except (OSError, ValueError) as error:
        raise FatalError(f"{path}: the picture cannot be written: {error}") from None


def _column(upper: Axes, lower: Axes, points: Sequence[Point], kind: AlertKind, knob: str) -> None:
    judged = [next(one for one in point.judgements if one.kind == kind) for point in points]
    events = len(judged[0].found) + len(judged[0].missed)
    rates = [one.false_per_100_entity_days for one in judged]
    _curve(upper, points, rates, [one.recall for one in judged])
    _curve(lower, points, rates, [one.delay(0.5) for one in judged])
    upper.set(title=f"{kind}: {events} events, {judged[0].entity_days:,.0f} entity-days", ylabel="recall", ylim=(-0.03, 1.08))
    upper.legend(title=knob, loc="lower right")
    lower.set(xlabel="false alerts per 100 entity-days", ylabel="median delay, minutes")
    lower.set_ylim(bottom=0, top=lower.get_ylim()[1] * 1.08)
    _rate_axis(lower, max(rates))


def _rate_axis(axes: Axes, highest: float) -> None:
    right = max(10 * LINEAR, 1.5 * highest)
    axes.set_xscale("symlog", linthresh=LINEAR)
    axes.set_xlim(-LINEAR / 5, right)
    decades = [LINEAR * 10**power for power in range(6) if LINEAR * 10**power <= right]
    axes.set_xticks([0, *decades], ["0", *(f"{rate:g}" for rate in decades)])


def _curve(axes: Axes, points: Sequence[Point], rates: Sequence[float], values: Sequence[float | None]) -> None:
    places: dict[tuple[float, float], list[float]] = {}
    for point, rate, value in zip(points, rates, values, strict=True):
        if value is None:
            continue
        places.setdefault((rate, value), []).append(point.value)
        if point.chosen:
            axes.plot(rate, value, "*", color=CHOSEN, markersize=16, label=f"in force: {point.value:g}")
    axes.plot([rate for rate, _ in places], [value for _, value in places], "o-", color=LINE, markersize=4, zorder=1)
    for place, found in places.items():
        label = f"{found[0]:g}" + (f" to {found[-1]:g}" if len(found) > 1 else "")
        axes.annotate(label, place, xytext=(7, 5), textcoords="offset points", fontsize=8)
    axes.grid(visible=True, alpha=0.3)

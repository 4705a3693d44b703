"""How a backtest is told: figures, what was missed, what fired for nothing, and the sweep; as tables or as JSON lines."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from groundswell.cli.app import out, plain
from groundswell.cli.tables import show, table
from groundswell.messages import Alert

if TYPE_CHECKING:
    from consumers.backtest.judging import Judgement
    from consumers.backtest.sweep import Point
    from consumers.backtest.truth import Truth

MARK = "*"


def told(
    judgements: "Sequence[Judgement]", alerts: Sequence[Alert], truth: "Truth", grace: timedelta, *, as_json: bool
) -> None:
    """Tell what came of one run."""
    from consumers.backtest.judging import fooled, unjudged

    decoys = fooled(judgements, truth, grace)
    if as_json:
        for judgement in judgements:
            _line(
                {**judgement.figures(), **_details(judgement), "decoys": {name: taken for name, (taken, _) in decoys.items()}}
            )
        return
    figures = [judgement.figures() for judgement in judgements]
    names = [name for name in figures[0] if name != "kind"]
    columns = ("backtest", *(_plain(one.kind) for one in judgements))
    show(table(columns, ((_plain(name), *(_number(one[name]) for one in figures)) for name in names)))
    for judgement in judgements:
        _tell_details(judgement)
    for name, (taken, there) in decoys.items():
        out.print(plain(f"decoys: {_plain(name)}: {taken} of {there} raised an alert"))
    if left := unjudged(alerts, truth):
        out.print(plain(f"{left} alerts are not judged: on no entity, or of a kind that no labelled event asks for"))


def told_sweep(points: "Sequence[Point]", knob: str, *, as_json: bool) -> None:
    """Tell what each value of ``knob`` comes to, one table a kind of alert."""
    if as_json:
        for point in points:
            for judgement in point.judgements:
                _line({knob: point.value, "in_force": point.chosen, **judgement.figures()})
        return
    for place, first in enumerate(points[0].judgements):
        rows = [(point, point.judgements[place].figures()) for point in points]
        names = [name for name in rows[0][1] if name not in {"kind", "events", "recall_interval"}]
        cells = (
            (f"{MARK if point.chosen else ' '} {point.value:g}", *(_number(one[name]) for name in names)) for point, one in rows
        )
        title = f"{str(first.kind).replace('_', ' ')}: {len(first.found) + len(first.missed)} events; {MARK} is in force"
        show(table((knob, *(_plain(name) for name in names)), cells, title))


def _tell_details(judgement: "Judgement") -> None:
    kind = _plain(judgement.kind)
    if judgement.missed:
        missed = ((event.entity, _time(event.start), _time(event.end)) for event in judgement.missed)
        show(table((f"{kind}: missed", "from (UTC)", "to"), missed))
    if judgement.false:
        false = ((str(one.subject.entity), _time(one.detected_at), one.id, str(one.revision)) for one in judgement.false)
        show(table((f"{kind}: false", "told (UTC)", "alert", "revision"), false))


def _details(judgement: "Judgement") -> dict[str, Any]:
    return {
        "missed": [event.model_dump(mode="json", include={"entity", "start", "end"}) for event in judgement.missed],
        "false": [
            {"entity": one.subject.entity, "detected_at": one.detected_at.isoformat(), "id": one.id} for one in judgement.false
        ],
    }


def _line(row: dict[str, Any]) -> None:
    typer.echo(json.dumps(row, ensure_ascii=False))


def _value(point: "Point") -> str:
    return f"{MARK if point.chosen else ' '} {point.value:g}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float | list[float] | None) -> str:
    match value:
        case None:
            return "-"
        case list():
            return " to ".join(f"{end:,}" for end in value)
        case _:
            return f"{value:,}"


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"

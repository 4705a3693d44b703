"""``groundswell backtest``: what the pipeline would have told of a labelled stream, how soon, and how often for nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundswell.alerts import write
from groundswell.cli.app import app, say, settings_of
from groundswell.cli.hypotheses import ensure_read, kept_beside, progress
from groundswell.cli.judgements import told, told_sweep
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings, Settings

if TYPE_CHECKING:
    from consumers.backtest.stream import Stream
    from consumers.backtest.truth import Truth


@app.command()
def backtest(
    context: typer.Context,
    texts: Annotated[Path, typer.Argument(help="Texts: JSON lines or CSV, in order of arrival.")],
    truth: Annotated[Path, typer.Option(help="Labelled events: JSON, or CSV with entity,kind,start,end.")],
    watchlist: Annotated[Path | None, typer.Option(help="Watchlist (YAML).")] = None,
    hypotheses: Annotated[
        Path | None, typer.Option(help="File that keeps what the model read; by default beside the texts.")
    ] = None,
    grace: Annotated[float, typer.Option(min=0, help="Minutes past an event's end in which an alert still finds it.")] = 60.0,
    sweep: Annotated[bool, typer.Option("--sweep", help="Try other false-alarm budgets, too.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the sweep here, as PNG.")] = None,
    alerts: Annotated[Path | None, typer.Option(help="Write every alert transition here, one JSON object a line.")] = None,
    source: Annotated[str | None, typer.Option(help="Source of texts that name none.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of tables.")] = False,
) -> None:
    """Replay labelled texts in one process, and tell what was found, how soon, and what fired for nothing."""
    from consumers.backtest.judging import judge
    from consumers.backtest.truth import read_truth

    settings = settings_of(context, watchlist=watchlist)
    labelled = read_truth(truth)
    kept = hypotheses or kept_beside(texts)
    ensure_read(texts, source, kept, settings)
    stream = _placed(kept, settings)
    days, slack = _entity_days(stream, labelled, settings), timedelta(minutes=grace)
    run = _runner(stream, settings)
    found = run(settings.converger)
    if alerts:
        write(alerts, found)
    told(judge(found, labelled, days, slack), found, labelled, slack, as_json=as_json)
    if sweep or plot:
        _sweep(run, settings, labelled, days, slack, plot, as_json=as_json)


def _placed(kept: Path, settings: Settings) -> "Stream":
    from consumers.backtest.kept import read
    from consumers.backtest.stream import place

    return place(read(kept), settings)


def _entity_days(stream: "Stream", truth: "Truth", settings: Settings) -> float:
    """Entities times days: of the truth where it says so, else of the watchlist and from the first to the last text."""
    from consumers.watched import watchlist

    entities: Sequence[str] | Mapping[str, object] | set[str] | None = truth.entities
    if entities is None:
        listed = watchlist(settings)
        entities = listed.current().entities if listed else stream.entities
    if unread := sorted({event.entity for event in truth.surges} - stream.entities):
        say(f"labelled but named by no text: {', '.join(unread)}; is this the right watchlist?")
    return len(entities) * (truth.days or stream.days)


def _runner(stream: "Stream", settings: Settings) -> Callable[[ConvergerSettings], list[Alert]]:
    """What runs the converger over ``stream`` under settings of its own, with a bar."""
    from consumers.backtest.run import run
    from consumers.backtest.sweep import KNOB
    from consumers.watched import called
    from model import taxonomy

    topics, names = taxonomy.load(*settings.reading.packs.values()), called(settings)

    def once(chosen: ConvergerSettings) -> list[Alert]:
        with progress(f"minutes to close at converger.{KNOB} = {getattr(chosen, KNOB):g}", stream.minutes) as update:
            return run(stream, chosen, topics, names, update)

    return once


def _sweep(
    run: Callable[[ConvergerSettings], list[Alert]],
    settings: Settings,
    truth: "Truth",
    days: float,
    grace: timedelta,
    plot: Path | None,
    *,
    as_json: bool,
) -> None:
    from consumers.backtest.picture import draw
    from consumers.backtest.sweep import KNOB, sweep

    points = list(sweep(settings.converger, run, truth, days, grace))
    told_sweep(points, f"converger.{KNOB}", as_json=as_json)
    if plot:
        draw(points, f"converger.{KNOB}", plot)
        say(f"drawn: {plot}")

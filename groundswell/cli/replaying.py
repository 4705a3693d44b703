"""``groundswell replay`` and ``groundswell demo``: the whole pipeline over a file, or over the bundled scenario."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from groundswell.alerts import card, newest, table, write
from groundswell.cli.app import app, err, interrupt, out, say, settings_of
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.live import LiveView, Row
from groundswell.messages import AlertKind, AlertState, Text
from groundswell.punctuation import final_watermark
from groundswell.settings import Settings
from groundswell.supervise import STAGES, pages

if TYPE_CHECKING:
    from groundswell.cli.rehearsal import Rehearsal, Summary

DEMO_SECONDS = 60.0
HOTTEST = 8
TELLING_SECONDS = 15.0
"""How long the demo waits for receivers that do not take what they are told."""


@dataclass(frozen=True)
class Stream:
    """A stream that can be read again: how many texts, their distinct ids, and the first and last time of publication."""

    read: Callable[[], Iterator[Text]]
    texts: int
    distinct: int
    first: datetime
    last: datetime

    def final(self, settings: Settings) -> datetime:
        """The watermark after which every window is closed and every alert has had the time to resolve."""
        return final_watermark(self.last, settings.converger)


def stream_of(read: Callable[[], Iterator[Text]], name: str) -> Stream:
    """Look ``read`` through once; FatalError where it has no text."""
    from groundswell.cli.rehearsal import require_texts  # noqa: PLC0415

    ids, count, first, last = set(), 0, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    for text in read():
        count += 1
        ids.add(text.id)
        first, last = min(first, text.published_at), max(last, text.published_at)
    require_texts(count, name)
    return Stream(read, count, len(ids), first, last)


def texts_of(path: Path, source: str | None) -> Callable[[], Iterator[Text]]:
    """The texts of a file; what is no text is told once, with its line, and left out."""
    from producers.formats import Position, Reading, Rejected, format_of, read  # noqa: PLC0415
    from producers.rows import Defaults  # noqa: PLC0415

    if not path.is_file():
        raise FatalError(f"{path}: no such file")
    reading = Reading(format_of(path, None), defaults=Defaults(source=source))
    told: set[int] = set()

    def texts() -> Iterator[Text]:
        with path.open("rb") as stream:
            for row in read(stream, reading, SystemClock(), Position()):
                if not isinstance(row, Rejected):
                    yield row
                elif row.line not in told:
                    told.add(row.line)
                    say(f"{path}: {row}")

    return texts


@app.command()
def replay(
    context: typer.Context,
    texts: Annotated[Path, typer.Argument(help="Texts: JSON lines or CSV, in order of arrival.")],
    watchlist: Annotated[Path | None, typer.Option(help="Watchlist (YAML).")] = None,
    alerts: Annotated[Path | None, typer.Option(help="Write every alert transition here, one JSON object a line.")] = None,
    source: Annotated[str | None, typer.Option(help="Source of texts that name none.")] = None,
    use_configured: Annotated[
        bool, typer.Option("--configured", help="Use the Kafka and Redis of the settings, under a prefix of its own.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Keep logs and the private stack's data here.")] = None,
    trends: Annotated[Path | None, typer.Option(help="Write the total of every subject here, as JSON lines.")] = None,
) -> None:
    """Run the whole pipeline over a file in event time, as fast as it goes, and count what went through."""
    from groundswell.cli.rehearsal import rehearse  # noqa: PLC0415

    settings = settings_of(context, watchlist=watchlist)
    signal.signal(signal.SIGTERM, interrupt)
    stream = stream_of(texts_of(texts, source), str(texts))
    with rehearse(settings, private=not use_configured, data=data, say=say) as run:
        run.send(stream.read(), 0.0, stream.final(settings), say)
        _progress(run, stream)
        summary = run.summary(stream.read)
        if trends:
            _write_trends(run, trends)
    if alerts:
        write(alerts, run.audit.totals.alerts)
    out.print(_report(run, stream, summary))
    if summary.twice or summary.lost:
        raise FatalError(f"{summary.twice} counted twice, {summary.lost} lost: please report this, with the file if you can")


def _write_trends(run: "Rehearsal", path: Path) -> None:
    import json  # noqa: PLC0415

    rows = sorted((one.subject, one.trend.texts) for one in run.trends.all())
    path.write_text("".join(json.dumps({"subject": name, "texts": n}, ensure_ascii=False) + "\n" for name, n in rows), "utf-8")


def _progress(run: "Rehearsal", stream: Stream) -> None:
    """Wait until the run is through, with a bar of the texts read."""
    columns = (TextColumn("texts read"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=not err.is_terminal) as bar:
        task = bar.add_task("texts", total=stream.distinct)
        while not run.finished():
            bar.update(task, completed=len(run.audit.totals.texts))
        bar.update(task, completed=stream.distinct)


def _report(run: "Rehearsal", stream: Stream, summary: "Summary") -> Table:
    totals = run.audit.totals
    firing = [alert for alert in newest(totals.alerts) if alert.state != AlertState.PENDING]
    fired = {alert.id for alert in totals.alerts if alert.state == AlertState.FIRING}
    shown = Table(title="replay", show_header=False)
    rows: list[tuple[str, str]] = [
        ("texts", f"{stream.texts:,} ({stream.distinct:,} distinct)"),
        ("not read (no pack for the language)", f"{summary.unread:,}"),
        ("hypotheses", f"{totals.hypotheses:,}"),
        ("pairs of text and subject", f"{len(totals.pairs):,}"),
        ("late", f"{len(totals.late):,}"),
        ("deadletters", f"{len(totals.dead):,}"),
        ("alerts", f"{len(fired):,} fired, {len(firing):,} in all"),
        ("texts/s", f"{stream.texts / summary.seconds:,.1f}"),
        ("latency p50 / p95", " / ".join(_seconds(totals.latency(share)) for share in (0.5, 0.95))),
        ("counted twice", f"{summary.twice:,}"),
        ("lost", f"{summary.lost:,}"),
    ]
    for name, value in rows:
        shown.add_row(name, value)
    return shown


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


@app.command()
def demo(
    context: typer.Context,
    texts: Annotated[Path | None, typer.Argument(help="Your own file instead of the bundled scenario.")] = None,
    watchlist: Annotated[Path | None, typer.Option(help="Watchlist for your own file (YAML).")] = None,
    once: Annotated[bool, typer.Option(help="End after the stream, with a summary.")] = False,
    seconds: Annotated[float, typer.Option(min=1, help="How long the stream is to take.")] = DEMO_SECONDS,
) -> None:
    """Show the main job at work on a real Kafka and a real Valkey: texts in, readings, trends, alerts with evidence."""
    from groundswell.cli.rehearsal import rehearse  # noqa: PLC0415
    from producers import demo as story

    settings = settings_of(context, watchlist=watchlist or (None if texts else story.watchlist_path()))
    signal.signal(signal.SIGTERM, interrupt)
    stream = stream_of(texts_of(texts, None) if texts else _bundled(), str(texts or "the bundled scenario"))
    speed = max(1.0, (stream.last - stream.first).total_seconds() / seconds)
    with rehearse(settings, private=True, data=None, say=say, stages=STAGES) as run:
        view = _view(run)
        redis = run.settings.redis.url
        say(f"to be told of its alerts, in another terminal: groundswell --redis {redis} subscribe desk --webhook URL")
        say("the stages load their packs; the first texts show up in a few seconds")
        run.send(_arriving(stream.read()), speed, stream.final(settings), view.note)
        with view:
            try:
                view.run(run.finished)
                summary = run.summary(stream.read)
                until = SystemClock().monotonic() + TELLING_SECONDS
                view.run(lambda: run.told() or SystemClock().monotonic() > until)
                if not once:
                    view.note("the stream is through; Ctrl-C ends")
                    view.run(lambda: run.finished() and False)
            except KeyboardInterrupt:
                say("stopping")
                return
    if not _tell(run, stream, summary) and texts is None:
        raise FatalError("the bundled crisis raised no alert: see `groundswell doctor`, and report this")


def _bundled() -> Callable[[], Iterator[Text]]:
    """The bundled scenario over the three days before yesterday."""
    from producers import demo as story

    midnight = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    return lambda: iter(story.scenario(midnight - timedelta(hours=story.HOURS + 24)))


def _arriving(texts: Iterator[Text]) -> Iterator[Text]:
    """The texts as they arrive now: the latency that is shown is that of today's pipeline."""
    clock = SystemClock()
    for text in texts:
        yield text.model_copy(update={"ingested_at": clock.now()})


def _view(run: "Rehearsal") -> LiveView:
    return LiveView(
        pages(run.settings), lambda: hottest(run), lambda: newest(run.audit.totals.alerts), title="groundswell demo"
    )


def hottest(run: "Rehearsal") -> list[Row]:
    """The subjects with most texts lately, as the live view shows them."""
    return [row_of(one) for one in run.trends.hottest(HOTTEST)]


def row_of(one: object) -> Row:
    """A line of the live view for a subject."""
    from consumers.converger.queries import Seen

    assert isinstance(one, Seen)
    recent = one.trend.last(6, one.last // 60 + 1)
    texts = recent.weight or 1
    history = tuple(hour.texts for hour in one.hourly(24))
    return Row(one.subject, recent.texts, recent.negative / texts, recent.positive / texts, history)


def _tell(run: "Rehearsal", stream: Stream, summary: "Summary") -> bool:
    """The summary of the demo: all alerts, the gravest whole, and the figures; whether a negative surge fired."""
    found = newest(run.audit.totals.alerts)
    fired = [alert for alert in run.audit.totals.alerts if alert.state == AlertState.FIRING]
    out.print(table(found))
    worst = [alert for alert in fired if alert.kind == AlertKind.NEGATIVE_SURGE and alert.subject.entity]
    if worst:
        out.print(card(max(worst, key=lambda alert: (alert.texts, alert.revision))))
    out.print(_report(run, stream, summary))
    if summary.twice or summary.lost:
        raise FatalError(f"{summary.twice} counted twice, {summary.lost} lost")
    return bool(worst)

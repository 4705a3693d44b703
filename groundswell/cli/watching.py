"""``groundswell alerts`` and ``groundswell trends``: what is going on, for people and for programs."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from groundswell import alerts as show
from groundswell import store
from groundswell.cli.app import app, out, settings_of
from groundswell.errors import FatalError
from groundswell.kafka import Topics
from groundswell.live import sparkline
from groundswell.messages import Alert
from groundswell.settings import Settings
from groundswell.tail import Tail

if TYPE_CHECKING:
    from consumers.converger.queries import Seen

HOURS = 48

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command()
def alerts(
    context: typer.Context,
    follow: Annotated[bool, typer.Option(help="Go on and tell each transition as it comes; Ctrl-C ends it.")] = False,
    as_json: AsJson = False,
    full: Annotated[bool, typer.Option(help="Show each alert whole, with evidence and plan.")] = False,
) -> None:
    """Show the alerts: the newest state of each, or with --follow every transition."""
    settings = settings_of(context)
    with Tail(settings, Topics(settings.kafka.topic_prefix).alerts) as tail:
        told = list(show.transitions(tail.to_end()))
        found = show.newest(told)
        if as_json:
            _lines(found)
        elif full:
            for alert in found:
                out.print(show.card(alert))
        elif found or not follow:
            out.print(show.table(found) if found else "no alerts yet")
        if follow:
            _follow(tail, {alert.id: alert.revision for alert in told}, as_json=as_json)


def _follow(tail: Tail, revisions: dict[str, int], *, as_json: bool) -> None:
    try:
        while True:
            for alert in show.transitions(tail.poll(1.0)):
                if alert.revision > revisions.get(alert.id, 0):
                    revisions[alert.id] = alert.revision
                    _lines([alert]) if as_json else out.print(show.card(alert))
    except KeyboardInterrupt:
        return


def _lines(found: list[Alert]) -> None:
    for alert in found:
        typer.echo(alert.model_dump_json(exclude_none=True))


@app.command()
def trends(
    context: typer.Context,
    subject: Annotated[
        str | None, typer.Argument(help="topic/entity, */entity or topic/*; without it the hottest are shown.")
    ] = None,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, help="How many subjects are shown.")] = 20,
) -> None:
    """Show trends: the hottest subjects, or one subject hour by hour."""
    settings = settings_of(context)
    found = _find(settings, subject, limit)
    if as_json:
        for one in found:
            typer.echo(json.dumps(_plain(one), ensure_ascii=False))
        return
    hours_shown = min(HOURS, max(12, out.width - 60))
    shown = Table(expand=True)
    for name in ("subject", "texts", "negative", "positive", f"last {hours_shown} h"):
        shown.add_column(name, justify="right" if name in {"texts", "negative", "positive"} else "left")
    for one in found:
        hours = one.hourly(hours_shown)
        texts = sum(hour.texts for hour in hours) or 1
        shares = [sum(hour.mass(stance) for hour in hours) / texts for stance in ("negative", "positive")]
        line = sparkline([hour.texts for hour in hours], hours_shown)
        shown.add_row(one.subject, f"{one.trend.texts:,}", *(f"{share:.0%}" for share in shares), line)
    out.print(shown)


def _find(settings: Settings, subject: str | None, limit: int) -> "list[Seen]":
    from consumers.converger.queries import Trends

    known = Trends(store.connect(settings.redis), settings)
    if subject is None:
        return known.hottest(limit, among=2000)
    found = known.find(subject)
    if found is None:
        raise FatalError(f"{subject}: no texts on it are known; write it as topic/entity, */entity or topic/*")
    return [found]


def _plain(one: "Seen") -> dict[str, object]:
    hours = [
        {"hour": hour * 3600, "texts": counts.texts, "negative": counts.negative, "positive": counts.positive}
        for hour, counts in sorted(one.trend.hourly((one.last // 60 + 1) * 60))
    ]
    return {"subject": one.subject, "texts": one.trend.texts, "last": one.last * 60, "hours": hours}

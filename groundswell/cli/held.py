"""``groundswell silences``: what holds alerts back now or later, whoever made it, and how many it holds back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from groundswell import store
from groundswell.cli.app import app, out, plain, settings_of
from groundswell.cli.telling import AsJson
from groundswell.clock import SystemClock

if TYPE_CHECKING:
    from consumers.notifier.holding import Hold


@app.command()
def silences(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the silences, and the times of the calendar in which alerts are held back."""
    from consumers.notifier import recurring
    from consumers.notifier.delivery_queue import DeliveryQueue
    from consumers.notifier.silences import Silences

    settings, now = settings_of(context), SystemClock().now()
    client = store.connect(settings.redis)
    known = recurring.read(settings.notifier.calendar) if settings.notifier.calendar else ()
    found: list[Hold] = [*Silences(client, settings.redis.prefix).all(now), *known]
    queue = DeliveryQueue(client, settings.redis.prefix, settings.notifier)
    aside = [one.alert for number in range(settings.kafka.partitions) for one in queue.aside(number)]
    rows = [
        _Row(one, one.holds_at(now), sum(one.holds_at(now) and one.match.matches(alert) for alert in aside)) for one in found
    ]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row.plain(), ensure_ascii=False))
    elif rows:
        out.print(_table(rows))
    else:
        out.print("no silences; groundswell silence --help tells how to make one")


@dataclass(frozen=True)
class _Row:
    """A silence or a time of the calendar, whether it is in force, and how many alerts it holds back."""

    hold: "Hold"
    in_force: bool
    alerts: int

    def plain(self) -> dict[str, object]:
        one = self.hold
        named = {"name": one.name, "sort": one.sort, "in_force": self.in_force, "holds_back": self.alerts}
        return named | {"match": one.match.model_dump(mode="json"), "when": one.when, "by": one.by, "why": one.why}


def _table(rows: "Iterable[_Row]") -> Table:
    table = Table(expand=True)
    for column in ("name", "now", "nobody is told of", "when", "why"):
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for row in rows:
        one = row.hold
        state = f"holds {row.alerts}" if row.in_force else "not now"
        table.add_row(*(plain(cell) for cell in (one.name, state, str(one.match), one.when, f"{one.why} ({one.by})")))
    return table

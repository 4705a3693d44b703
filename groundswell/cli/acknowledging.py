"""``groundswell ack``: say that someone has taken an alert on."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from groundswell import store
from groundswell.cli.app import app, err, say, settings_of
from groundswell.cli.silencing import By, who
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.messages import Acknowledgement, Alert, AlertState, first_line

if TYPE_CHECKING:
    from consumers.converger.acknowledgements import Acknowledgements, Found

PATIENCE_SECONDS = 5.0
"""How long a running converger may take; it looks each second."""


@app.command()
def ack(
    context: typer.Context,
    alert: Annotated[str, typer.Argument(help="Id of the alert, or as much of its beginning as no other has.")],
    by: By = None,
    note: Annotated[str | None, typer.Option(help="What you do about it, for the others.")] = None,
) -> None:
    """Take an alert on: who was told of it hears so, and nothing more until it becomes critical or is over."""
    from consumers.converger.acknowledgements import Acknowledgements

    settings = settings_of(context)
    acknowledgements = Acknowledgements(store.connect(settings.redis), settings)
    given = _given(by, note)
    found = acknowledgements.find(alert)
    _require_firing(found.alert)
    acknowledgements.ask(found, given)
    _see(acknowledgements, found)


def _given(by: str | None, note: str | None) -> Acknowledgement:
    try:
        return Acknowledgement(by=who(by), at=SystemClock().now(), note=note)
    except ValueError as error:
        raise FatalError(f"acknowledgement: {first_line(error)}") from None  # type: ignore[arg-type]


def _require_firing(alert: Alert) -> None:
    if alert.state == AlertState.PENDING:
        raise FatalError(f"{alert.id} is pending: nobody was told of it yet; acknowledge it once it fires")
    if alert.acknowledgement:
        raise FatalError(f"{alert.id} is acknowledged already, by {alert.acknowledgement.by}")


def _see(acknowledgements: "Acknowledgements", found: "Found") -> None:
    """Say what became of the request, or that it waits for a converger."""
    clock = SystemClock()
    end = clock.monotonic() + PATIENCE_SECONDS
    with err.status("asking the converger"):
        while acknowledgements.waits(found) and clock.monotonic() < end:
            time.sleep(0.1)
    if acknowledgements.waits(found):
        say(f"{found.alert.id} will be acknowledged when the converger runs: it did not answer within {PATIENCE_SECONDS:g} s")
        return
    alert = acknowledgements.find(found.alert.id).alert
    if alert.acknowledgement is None:
        raise FatalError(f"{alert.id} was not acknowledged: it changed meanwhile, groundswell alerts shows how it stands")
    say(f"{alert.id} is acknowledged: {alert.headline.en}")

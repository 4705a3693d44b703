"""``groundswell run``: one stage as a process of its own."""

from enum import StrEnum
from typing import Annotated

import typer

from groundswell.cli.app import app, settings_of


class StageName(StrEnum):
    """The stages that read from Kafka."""

    DIVERGER = "diverger"
    CONVERGER = "converger"


@app.command()
def run(context: typer.Context, stage: Annotated[StageName, typer.Argument(help="The stage to run.")]) -> None:
    """Run one stage until SIGTERM: the diverger (texts to hypotheses) or the converger (hypotheses to alerts)."""
    from consumers import start

    settings = settings_of(context)
    {StageName.DIVERGER: start.diverger, StageName.CONVERGER: start.converger}[stage](settings)

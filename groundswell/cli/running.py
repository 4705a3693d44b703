"""``groundswell run``: one stage as a process of its own."""

from enum import StrEnum
from typing import Annotated

import typer

from groundswell.cli.app import app, settings_of


class StageName(StrEnum):
    """The stages that read from Kafka."""

    DIVERGER = "diverger"
    CONVERGER = "converger"
    NOTIFIER = "notifier"


@app.command()
def run(context: typer.Context, stage: Annotated[StageName, typer.Argument(help="The stage to run.")]) -> None:
    """Run one stage until SIGTERM.

    The diverger makes hypotheses of texts, the converger alerts of hypotheses, and the notifier tells people of alerts.
    """
    settings = settings_of(context)
    match stage:  # only the diverger needs the model, which takes seconds to import
        case StageName.DIVERGER:
            from consumers.start import diverger

            diverger(settings)
        case StageName.CONVERGER:
            from consumers.converger.start import converger

            converger(settings)
        case StageName.NOTIFIER:
            from consumers.notifier.start import notifier

            notifier(settings)

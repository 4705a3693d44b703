"""The application that all commands join, the settings they share, and how errors end: in one line, with status 1."""

import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text as Styled

from groundswell import log
from groundswell.errors import GroundswellError
from groundswell.settings import Settings, load

app = typer.Typer(
    name="groundswell",
    help="Watch market opinion: texts in through Kafka, read by BERT, surges of negative opinion out as alerts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SERVICES = frozenset({"run", "feeds", "http"})
"""The commands that last: their standard error is a log."""

out = Console()
err = Console(stderr=True)


def plain(text: str) -> Styled:
    """``text`` from outside as it may be shown: no markup, nothing that a terminal obeys, on one line."""
    return Styled("".join(character if character.isprintable() else "\ufffd" for character in text))


def say(line: str) -> None:
    """Tell people one line, on standard error."""
    err.print(plain(line), soft_wrap=True)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the signature of handlers
    """Have SIGTERM end a command as Ctrl-C does, so that what it started is stopped."""
    raise KeyboardInterrupt


@dataclass
class Shared:
    """What the flags before the command said."""

    config: Path | None = None
    sections: dict[str, dict[str, Any]] | None = None
    watchlist: Path | None = None


def settings_of(context: typer.Context, **flags: Any) -> Settings:
    """The settings in force for a command; ``flags`` go before all else. Configures the logs."""
    shared: Shared = context.find_object(Shared) or Shared()
    merged: dict[str, Any] = {name: dict(values) for name, values in (shared.sections or {}).items()}
    if shared.watchlist is not None:
        merged["watchlist"] = shared.watchlist
    for name, value in flags.items():
        if isinstance(value, dict):
            merged[name] = {**merged.get(name, {}), **{key: one for key, one in value.items() if one is not None}}
        elif value is not None:
            merged[name] = value
    settings = load(shared.config, **merged)
    log.configure(settings.log, service=context.command.name in SERVICES)
    return settings


def _version(show: bool) -> None:
    if show:
        out.print(f"groundswell {version('groundswell')}")
        raise typer.Exit


@app.callback()
def shared(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; groundswell.toml here if there is one.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers of your own Kafka.")] = None,
    redis: Annotated[str | None, typer.Option(help="URL of your own Redis or Valkey.")] = None,
    watchlist: Annotated[Path | None, typer.Option(help="Watchlist (YAML).")] = None,
    show_version: Annotated[  # noqa: ARG001 - its callback prints and ends
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Take the flags that all commands share."""
    sections: dict[str, Any] = {}
    if kafka:
        sections["kafka"] = {"bootstrap_servers": kafka}
    if redis:
        sections["redis"] = {"url": redis}
    context.obj = Shared(config, sections, watchlist)


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit status 1."""
    from groundswell.cli import commands  # noqa: F401, PLC0415 - importing it adds the commands to the application

    try:
        app()
    except GroundswellError as error:
        err.print(Styled("groundswell: ", "bold red") + plain(str(error)), soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)

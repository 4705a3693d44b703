"""``groundswell config``, ``schema`` and ``doctor``: what is in force, what the wire carries, what is amiss."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel, SecretStr
from pydantic_settings import EnvSettingsSource
from rich.table import Table
from rich.text import Text as Styled

from groundswell import doctor as checkup
from groundswell.cli.app import Shared, app, err, out, settings_of
from groundswell.doctor import Check, State
from groundswell.messages import SchemaName, json_schema
from groundswell.settings import Settings

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red"}
HIDDEN = "***"


class WireType(StrEnum):
    """The wire types by the names of their schemas."""

    TEXT = "text"
    HYPOTHESIS = "hypothesis"
    ALERT = "alert"
    DEADLETTER = "deadletter"
    WATERMARK = "watermark"


@app.command()
def config(context: typer.Context) -> None:
    """Show the settings in force as a settings file, secrets hidden, and where each value came from."""
    settings = settings_of(context)
    origins = _origins(settings, (context.find_object(Shared) or Shared()).sections or {})
    for line in _toml(settings, origins):
        typer.echo(line)


_Tree = Mapping[str, Any]


def _origins(settings: Settings, flags: _Tree) -> list[tuple[str, _Tree]]:
    """The trees of values that were set, by where; the first that holds a value has the say."""
    path = type(settings).config_file
    in_file = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    return [("flag", flags), ("environment", EnvSettingsSource(type(settings))()), (str(path), in_file)]


def _origin(origins: Iterable[tuple[str, _Tree]], *place: str) -> str:
    for name, tree in origins:
        branch: Any = tree
        for part in place:
            branch = branch.get(part) if isinstance(branch, Mapping) else None
        if branch is not None:
            return name
    return "default"


def _toml(settings: Settings, origins: list[tuple[str, _Tree]]) -> Iterator[str]:
    """The tree as lines of TOML: what stands alone first, then section by section; what is not set is a comment."""
    sections = [name for name in Settings.model_fields if isinstance(getattr(settings, name), BaseModel)]
    for name in Settings.model_fields:
        if name not in sections:
            yield _line(name, getattr(settings, name), _origin(origins, name))
    for section in sections:
        yield f"\n[{section}]"
        branch = getattr(settings, section)
        for name in type(branch).model_fields:
            yield _line(name, getattr(branch, name), _origin(origins, section, name))


def _line(name: str, value: object, origin: str) -> str:
    setting = f"# {name} =" if value is None else f"{name} = {_value(value)}"
    return f"{setting:<50} # {origin}"


def _value(value: object) -> str:
    match value:
        case SecretStr():
            return json.dumps(HIDDEN)
        case dict():
            items = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_value(item)}" for key, item in value.items())
            return f"{{ {items} }}" if items else "{}"
        case Path():
            return json.dumps(str(value), ensure_ascii=False)
        case _:
            return json.dumps(value, ensure_ascii=False)


@app.command()
def schema(name: Annotated[WireType | None, typer.Argument(help="One wire type; without it all of them.")] = None) -> None:
    """Show the JSON Schema of a wire type, or of all of them in one object."""
    known: dict[str, SchemaName] = {one: one for one in get_args(SchemaName)}
    shown = {one: json_schema(one) for one in known.values()} if name is None else json_schema(known[name.value])
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@app.command()
def doctor(context: typer.Context) -> None:
    """Check all that the stages need and say what to mend; exit status 1 when something failed."""
    settings = settings_of(context)
    with err.status("checking"):
        found = list(checkup.checks(settings, lambda: _packs(settings)))
    out.print(_table(found), soft_wrap=not out.is_terminal)
    if any(check.state is State.FAILED for check in found):
        raise typer.Exit(1)


def _packs(settings: Settings) -> Iterator[Check]:
    """Load the packs as the diverger would: their self-tests are the check."""
    from consumers.start import load_packs

    packs = load_packs(settings)
    for language, pack in packs.items():
        name, what, canned = f"pack {language}", f"{pack.name} {pack.version}", len(pack.card.self_test)
        if canned:
            yield Check(name, State.OK, f"{what} reads its {canned} canned sentences right")
        else:
            yield Check(name, State.WARNING, f"{what} has no canned sentences to test", "give its card a self_test")
    if not packs:
        yield Check("packs", State.FAILED, "no language has a pack", "install groundswell anew, or set reading.packs")


def _table(found: Iterable[Check]) -> Table:
    shown = Table(width=None if out.is_terminal else 200)
    for name in ("check", "state", "what", "mend"):
        shown.add_column(name, overflow="fold")
    for check in found:
        shown.add_row(check.name, Styled(check.state, COLOURS[check.state]), Styled(check.what), Styled(check.mend))
    return shown

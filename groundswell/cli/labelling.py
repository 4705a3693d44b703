"""``groundswell label`` and ``feedback``: what people know about texts and alerts becomes training data."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundswell import alerts as show
from groundswell.cli.app import app, err, say, settings_of
from groundswell.cli.asking import Terminal, ask
from groundswell.cli.packs import folder_of, folders
from groundswell.errors import FatalError
from groundswell.kafka import Topics
from groundswell.messages import Alert
from groundswell.settings import Settings
from groundswell.tail import Tail

if TYPE_CHECKING:
    from model.choose import Proposal
    from model.label_file import LabelFile

SHORTEST_ID = 6
"""Letters of an alert's id that are enough to name it, where only one alert begins so."""


class Verdict(StrEnum):
    """What a person says of an alert."""

    RIGHT = "right"
    WRONG = "wrong"


@app.command()
def label(
    context: typer.Context,
    texts: Annotated[list[Path], typer.Argument(help="JSON lines with a text each; feedback files too.")],
    to: Annotated[Path, typer.Option("--out", help="Where the labels go; what it holds is not asked again.")],
    count: Annotated[int, typer.Option(min=1, help="How many texts are proposed.")] = 50,
    pack: Annotated[
        str | None, typer.Option(help="Pack folder, or a language; by default the pack in use for most of the texts.")
    ] = None,
    train: Annotated[
        list[Path] | None, typer.Option(help="JSON lines that the pack was trained on: texts unlike them come first.")
    ] = None,
) -> None:
    """Propose the texts that are most worth a label, take the answers, and write them as training data."""
    from model.label_file import LabelFile

    settings = settings_of(context)
    file = LabelFile(to)
    with err.status("choosing the texts most worth a label"):
        proposals = _proposals(settings, file, texts, train or (), count, pack)
    if not proposals:
        say("nothing to label: all texts are labelled, or in a language that the pack does not read")
        return
    given = ask(proposals, file, Terminal(sys.stdin))
    say(f"{given:,} labelled, {len(proposals) - given:,} not; {to}, put into a --data folder as own_train.jsonl, trains a pack")


def _proposals(
    settings: Settings, file: "LabelFile", texts: Sequence[Path], train: Sequence[Path], count: int, pack: str | None
) -> "list[Proposal]":
    from model.choose import choose
    from model.judge.labelled import language_of
    from model.own import candidates
    from model.pack import Pack

    used = folders(settings)
    folder = folder_of(pack, settings) if pack else used[language_of(texts[0], used)]
    offered = [one for path in texts for one in candidates(path)]
    done = [row.text for row in file.rows if row.labelled or row.skipped]
    known = [one.text for path in train for one in candidates(path)]
    return choose(Pack.load(folder, settings.cache_dir, settings.reading.threads), offered, count, done, known)


@app.command()
def feedback(
    context: typer.Context,
    alert: Annotated[str, typer.Argument(help="The alert's id, or its beginning.")],
    verdict: Annotated[Verdict, typer.Argument(help="Whether it was right to raise it.")],
    to: Annotated[Path, typer.Option("--out", help="Where the evidence goes, as rows to train on or to label.")],
    note: Annotated[str | None, typer.Option(help="Why, in your words; kept beside the rows.")] = None,
) -> None:
    """Say whether an alert was right: its evidence becomes weak labels, or is proposed first by `groundswell label`."""
    from model.feedback import rows_of
    from model.label_file import replace_alert

    settings = settings_of(context)
    with Tail(settings, Topics(settings.kafka.topic_prefix).alerts) as tail:
        found = _named(alert, show.newest(show.transitions(tail.to_end())))
    rows = rows_of(found, verdict.value, note)
    replace_alert(to, found.id, rows)
    say(_outcome(found, verdict, len(rows), to))


def _named(name: str, known: Sequence[Alert]) -> Alert:
    fitting = [one for one in known if one.id == name or (len(name) >= SHORTEST_ID and one.id.startswith(name))]
    if len(fitting) != 1:
        what = "more than one alert begins so" if fitting else "no such alert"
        raise FatalError(f"alert {name}: {what}; `groundswell alerts --json` lists their ids")
    return fitting[0]


def _outcome(alert: Alert, verdict: Verdict, rows: int, to: Path) -> str:
    if not rows:
        return f"alert {alert.id}: a right {alert.kind} tells the stance of no text; nothing to train on"
    if verdict is Verdict.RIGHT:
        return f"alert {alert.id}: {rows} texts of its evidence are weakly {alert.kind.split('_')[0]} in {to}"
    return f"alert {alert.id}: {rows} texts of its evidence are to be labelled: groundswell label {to} --out {to}"

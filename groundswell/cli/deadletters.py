"""``groundswell deadletters``: what could not be processed, and a second try once the cause is mended."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from groundswell import deadletters as letters_of
from groundswell.cli.app import app, out, plain, say, settings_of
from groundswell.deadletters import Found, Plan
from groundswell.kafka import Publisher, Topics
from groundswell.messages import DeadLetter
from groundswell.settings import Settings
from groundswell.tail import Tail

CHUNK = 1_000
"""Records sent before they are waited for."""

deadletters = typer.Typer(help="Show what could not be processed, and send it again.", invoke_without_command=True)
app.add_typer(deadletters, name="deadletters")

Limit = Annotated[int, typer.Option(min=1, help="How many are shown, the newest.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, all that was kept of the record with it.")]


@deadletters.callback()
def default(context: typer.Context, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the deadletters, or do what the command after it says."""
    if context.invoked_subcommand is None:
        show(context, limit, as_json)


@deadletters.command("list")
def show(context: typer.Context, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the deadletters: where they came from and why they failed."""
    found = _read(settings_of(context))
    newest = found.letters[-limit:]
    if as_json:
        for letter in newest:
            typer.echo(letter.model_dump_json(exclude_none=True))
        return
    if newest:
        out.print(_table(newest))
    say(f"{len(found.letters):,} deadletters" + (f", the last {limit:,} shown" if len(found.letters) > limit else ""))


@deadletters.command()
def replay(
    context: typer.Context,
    stage: Annotated[str | None, typer.Option(help="Only what this stage could not process.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only where the reason holds this text.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
) -> None:
    """Send the original records to where they came from; what was counted before is not counted again."""
    settings = settings_of(context)
    topics = Topics(settings.kafka.topic_prefix)
    found = _read(settings)
    plan = letters_of.plan(letters_of.choose(found.letters, stage, reason), topics)
    if not dry_run:
        _send(plan, settings)
    say(f"{len(plan.outputs):,} records {'would be sent' if dry_run else 'sent'} again" + _where(plan))
    if plan.copies:
        say(f"{plan.copies:,} deadletters are further failures of the same records")
    for why, count in Counter(why for _, why in plan.refused).most_common():
        say(f"{count:,} cannot be sent again: {why}")


def _read(settings: Settings) -> Found:
    with Tail(settings, Topics(settings.kafka.topic_prefix).deadletters) as tail:
        found = letters_of.find(tail.to_end())
    if found.unreadable:
        say(f"{found.unreadable:,} records of the topic are no deadletters and are left out")
    return found


def _send(plan: Plan, settings: Settings) -> None:
    if not plan.outputs:
        return
    publisher = Publisher(settings, f"{settings.kafka.topic_prefix}-deadletters")
    try:
        for start in range(0, len(plan.outputs), CHUNK):
            publisher.publish(plan.outputs[start : start + CHUNK])
    finally:
        publisher.close()


def _where(plan: Plan) -> str:
    counts = Counter(output.topic for output in plan.outputs)
    return "".join(f"; {count:,} to {topic}" for topic, count in counts.items())


def _table(letters: Iterable[DeadLetter]) -> Table:
    shown = Table(expand=True)
    for name in ("failed (UTC)", "stage", "topic/partition/offset", "bytes", "reason"):
        shown.add_column(name, justify="right" if name == "bytes" else "left", overflow="fold")
    for one in letters:
        place = f"{one.topic}/{one.partition}/{one.offset}"
        failed = f"{one.failed_at:%m-%d %H:%M:%S}"
        shown.add_row(failed, plain(one.stage), plain(place), f"{one.value_bytes:,}", plain(one.reason))
    return shown

"""``groundswell silence`` and ``unsilence``: what people do not want to be told of, for a while."""

import getpass
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from groundswell import store
from groundswell.cli.app import app, say, settings_of
from groundswell.cli.telling import look_up, require_topics
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.messages import AlertKind, Severity, first_line
from groundswell.settings import Settings

if TYPE_CHECKING:
    from consumers.notifier.silences import Silence

LENGTHS = {"d": "days", "h": "hours", "m": "minutes"}
By = Annotated[str | None, typer.Option(help="Who says so; by default the user of this machine.")]


@app.command()
def silence(
    context: typer.Context,
    why: Annotated[str, typer.Option(help="The reason, for the others.")],
    entity: Annotated[list[str] | None, typer.Option(help="Alerts on this entity, or pattern (*.SH); may be repeated.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Alerts on this topic, or pattern; may be repeated.")] = None,
    subject: Annotated[str | None, typer.Option(help="Both at once, as alerts show it: topic/entity; * is any.")] = None,
    kind: Annotated[list[AlertKind] | None, typer.Option(help="Alerts of this kind; may be repeated.")] = None,
    severity: Annotated[Severity, typer.Option(help="The most: what is graver is told.")] = Severity.CRITICAL,
    every: Annotated[bool, typer.Option("--all", help="All alerts, where nothing else says which.")] = False,
    length: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 1d12h.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="When it begins, with its zone; by default now.")] = None,
    until: Annotated[str | None, typer.Option(help="When it ends: 2026-03-02T18:00+08:00.")] = None,
    by: By = None,
) -> None:
    """Tell nobody of some alerts for a while; what still fires when it ends is told then. Alerts go on as ever."""
    from consumers.notifier.silences import Silences

    settings = settings_of(context)
    entities, topics = _named(entity or [], topic or [], subject, settings)
    if not (entities or topics or kind or severity is not Severity.CRITICAL or every):
        raise FatalError("say which: --entity, --topic, --subject, --kind or --severity; or --all for all alerts")
    now = SystemClock().now()
    starts, ends = _period(start, until, length, now)
    match = {"entities": entities, "topics": topics, "kinds": kind or [], "severity": severity}
    made = _silence({"match": match, "starts": starts, "ends": ends, "by": who(by), "why": why})
    Silences(store.connect(settings.redis), settings.redis.prefix).add(made, now)
    typer.echo(made.id)
    say(f"nobody is told of {made.match} {made.when}")


def who(by: str | None) -> str:
    """``by``, or else the user of this machine; FatalError where neither is known."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise FatalError("say who you are: --by NAME") from None


def _named(entities: list[str], topics: list[str], subject: str | None, settings: Settings) -> tuple[list[str], list[str]]:
    """Entities and topics; those without a pattern are checked."""
    if subject is not None:
        topic, slash, entity = subject.partition("/")
        if not (slash and topic and entity):
            raise FatalError(f"--subject {subject}: write it as alerts show it: liquidity/acme, */acme or liquidity/*")
        topics, entities = [*topics, *_unless_any(topic)], [*entities, *_unless_any(entity)]
    require_topics([one for one in topics if not re.search(r"[*?\[]", one)])
    look_up([one for one in entities if not re.search(r"[*?\[]", one)], settings)
    return entities, topics


def _unless_any(name: str) -> list[str]:
    return [] if name == "*" else [name]


def _period(start: str | None, until: str | None, length: str | None, now: datetime) -> tuple[datetime, datetime]:
    begin = _time("--from", start) if start else now
    if (length is None) == (until is None):
        raise FatalError("say how long: either --for 2h or --until TIME")
    return begin, _time("--until", until) if until else begin + _length(length or "")


def _time(flag: str, said: str) -> datetime:
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise FatalError(f"{flag} {said}: no time with its zone; write 2026-03-02T18:00+08:00")
    return time


def _length(said: str) -> timedelta:
    parts = re.findall(r"(\d{1,6})([dhm])", said)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != said:
        raise FatalError(f"--for {said}: no length of time; write 30m, 2h or 1d12h")
    return sum((timedelta(**{LENGTHS[unit]: int(number)}) for number, unit in parts), timedelta())


def _silence(fields: dict[str, Any]) -> "Silence":
    from consumers.notifier.silences import Silence

    try:
        return Silence.model_validate(fields)
    except ValidationError as error:
        raise FatalError(f"silence: {first_line(error)}") from None


@app.command()
def unsilence(
    context: typer.Context,
    silence: Annotated[str, typer.Argument(help="Id of the silence, or as much of its beginning as no other has.")],
) -> None:
    """End a silence: what it held back and still fires is told within seconds."""
    from consumers.notifier.silences import Silences

    settings = settings_of(context)
    ended = Silences(store.connect(settings.redis), settings.redis.prefix).end(silence, SystemClock().now())
    say(f"{ended.id} is ended: people are told of {ended.match} again")

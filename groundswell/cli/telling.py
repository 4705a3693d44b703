"""``groundswell subscribe``, ``subscriptions``, ``unsubscribe``, ``deliveries``: who is told of alerts, and what was told."""

import difflib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.table import Table

from groundswell import store
from groundswell.cli.app import app, out, plain, say, settings_of
from groundswell.clock import SystemClock
from groundswell.errors import FatalError, PoisonError, RetryableError
from groundswell.messages import AlertKind, Severity, first_line
from groundswell.settings import Settings

if TYPE_CHECKING:
    from consumers.notifier.store import Attempt
    from consumers.notifier.subscription import Subscription

RESULTS = {"delivered": "green", "retry": "yellow", "refused": "bold red", "given_up": "bold red"}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command()
def subscribe(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the subscription is called.")],
    webhook: Annotated[
        str | None, typer.Option(help="Address that takes alerts as JSON by POST; -: from standard input.")
    ] = None,
    apprise: Annotated[
        str | None,
        typer.Option(help="Mailbox or chat, as an Apprise URL (mailto://, slack://, tgram:// …); -: from standard input."),
    ] = None,
    entity: Annotated[list[str] | None, typer.Option(help="Only of this entity; may be repeated.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Only on this topic; may be repeated.")] = None,
    kind: Annotated[list[AlertKind] | None, typer.Option(help="Only of this kind; may be repeated.")] = None,
    severity: Annotated[Severity, typer.Option(help="The least severity.")] = Severity.INFO,
    language: Annotated[str, typer.Option(help="Language of messages, zh or en; a webhook gets both.")] = "en",
    zone: Annotated[str, typer.Option(help="Time zone of the times in messages, such as Asia/Shanghai.")] = "UTC",
    secret_file: Annotated[Path | None, typer.Option(help="File with a webhook secret of your own (whsec_…).")] = None,
    replace: Annotated[
        bool, typer.Option(help="Change a subscription that exists: give all of it anew; a webhook keeps its secret.")
    ] = False,
    test: Annotated[bool, typer.Option(help="Send a test message at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have alerts sent to a webhook, a mailbox or a chat, from now on; the running notifier takes it up at once."""
    from consumers.notifier.channels import channels
    from consumers.notifier.store import Subscriptions
    from consumers.notifier.subscription import WebhookTarget

    settings = settings_of(context)
    require_topics(topic or [])
    look_up(entity or [], settings)
    kept_in = Subscriptions(store.connect(settings.redis), settings.redis.prefix)
    before = kept_in.get(name) if replace else None
    secret = before.target.secret if before and isinstance(before.target, WebhookTarget) and not secret_file else None
    target = _target(webhook, apprise, secret_file, secret)
    wanted = {"entities": entity or [], "topics": topic or [], "kinds": kind or [], "severity": severity}
    made = _subscription(
        {
            "name": name,
            "filter": wanted,
            "target": target,
            "language": language,
            "zone": zone,
            "created_at": SystemClock().now(),
        }
    )
    channel = channels(settings)[made.target.type]
    try:
        channel.check(made)
    except PoisonError as error:
        raise FatalError(str(error)) from None
    kept = kept_in.add(made, replace=replace)
    shown = made.target.secret.get_secret_value() if isinstance(made.target, WebhookTarget) and not secret else None
    if as_json:
        typer.echo(json.dumps({"name": kept.name, "id": kept.id, "secret": shown}))
    else:
        out.print(f"{name} is subscribed to {_wants(kept)}", markup=False)
        if shown and not secret_file:
            out.print(f"secret, shown only now: {shown}", markup=False, soft_wrap=True, highlight=False)
            out.print("requests are signed with it: see docs/webhooks.md")
    if test:
        _test(kept, settings)


def _target(webhook: str | None, apprise: str | None, secret_file: Path | None, secret: SecretStr | None) -> dict[str, object]:
    if (webhook is None) == (apprise is None):
        raise FatalError("say where to: either --webhook URL or --apprise URL")
    url = webhook if webhook is not None else apprise
    if url == "-":
        url = sys.stdin.readline().strip()
    if webhook is None:
        if secret_file:
            raise FatalError("--secret-file is for --webhook: an Apprise URL holds its own secrets")
        return {"type": "apprise", "url": url}
    return {"type": "webhook", "url": url, "secret": secret or _secret(secret_file)}


def _secret(path: Path | None) -> SecretStr:
    from consumers.notifier.channels.signature import new_secret

    if path is None:
        return new_secret()
    try:
        return SecretStr(path.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise FatalError(f"{path}: cannot be read as a secret: {type(error).__name__}") from None


def _subscription(fields: dict[str, object]) -> "Subscription":
    from consumers.notifier.subscription import Subscription

    try:
        return Subscription.model_validate(fields)
    except ValidationError as error:
        raise FatalError(f"subscription: {first_line(error)}") from None


def require_topics(topics: list[str]) -> None:
    """FatalError in one line, with what is close to it, where one of ``topics`` is none."""
    from model import taxonomy

    known = list(taxonomy.load().topics)
    for topic in topics:
        if topic not in known:
            close = difflib.get_close_matches(topic, known, 3, 0.4) or known
            raise FatalError(f"--topic {topic}: no such topic; there are {', '.join(close)}")


def look_up(entities: list[str], settings: Settings) -> None:
    """Say which of ``entities`` are on no watchlist: alerts may name others, found by their symbols, so that is no error."""
    from model.entities import WatchlistFile

    if settings.watchlist is None:
        return
    known = list(WatchlistFile(settings.watchlist, SystemClock()).current().entities)
    for entity in entities:
        if entity not in known:
            close = difflib.get_close_matches(entity, known, 3, 0.4)
            say(f"--entity {entity} is not on the watchlist" + (f"; it has {', '.join(close)}" if close else ""))


def _test(made: "Subscription", settings: Settings) -> None:
    """Send a test message through the channel itself, past the queue: whoever asks wants to see what happens."""
    from consumers.notifier.channels import channels
    from consumers.notifier.notification import sample

    try:
        answer = channels(settings)[made.target.type].deliver(sample(made, SystemClock().now()))
    except (PoisonError, RetryableError) as error:
        raise FatalError(f"the subscription stands, but the test message was not taken: {error}") from None
    say(f"test message taken: {answer}")


def _wants(one: "Subscription") -> str:
    wanted = one.filter
    parts = [
        f"{name} {', '.join(values)}"
        for name, values in (("entity", wanted.entities), ("topic", wanted.topics), ("kind", wanted.kinds))
        if values
    ]
    if wanted.severity is not Severity.INFO:
        parts.append(f"severity {wanted.severity} or more")
    return "; ".join(parts) or "all alerts"


@app.command()
def subscriptions(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who is told of what, how, and what waits for them."""
    from consumers.notifier.channels import shown
    from consumers.notifier.store import Deliveries, Subscriptions

    settings = settings_of(context)
    client = store.connect(settings.redis)
    found = Subscriptions(client, settings.redis.prefix).all()
    waiting = Deliveries(client, settings.redis.prefix).waiting_by_subscription()
    if as_json:
        for one in found:
            public = one.model_dump(mode="json", exclude={"target"}) | {"channel": one.target.type, "to": shown(one.target)}
            typer.echo(json.dumps(public | {"waiting": waiting.get(one.name, 0)}, ensure_ascii=False))
        return
    if not found:
        out.print("no subscriptions yet; groundswell subscribe --help tells how")
        return
    table = Table(expand=True)
    for column in ("name", "wants", "channel", "to", "language", "since (UTC)", "waiting"):
        table.add_column(column, justify="right" if column == "waiting" else "left", overflow="fold")
    for one in found:
        since = f"{one.created_at:%Y-%m-%d %H:%M}"
        cells = [one.name, _wants(one), one.target.type, shown(one.target), one.language, since, f"{waiting.get(one.name, 0)}"]
        table.add_row(*(plain(cell) for cell in cells))
    out.print(table)


@app.command()
def unsubscribe(context: typer.Context, name: Annotated[str, typer.Argument(help="Name of the subscription.")]) -> None:
    """End a subscription; what still waits for it is dropped."""
    from consumers.notifier.store import Subscriptions

    settings = settings_of(context)
    if not Subscriptions(store.connect(settings.redis), settings.redis.prefix).remove(name):
        raise FatalError(f"{name}: no such subscription; groundswell subscriptions shows all")
    say(f"{name} is told nothing any more")


@app.command()
def deliveries(
    context: typer.Context,
    subscription: Annotated[str | None, typer.Option(help="Only those of this subscription.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many are shown, from the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what was told, to whom, and what became of each try; the newest first."""
    from consumers.notifier.store import Deliveries

    settings = settings_of(context)
    log = Deliveries(store.connect(settings.redis), settings.redis.prefix)
    found = log.recent(limit, subscription)
    if as_json:
        for one in found:
            typer.echo(json.dumps(_plain(one), ensure_ascii=False))
        return
    if found:
        out.print(_tries(found))
    waits = log.waiting()
    out.print(f"{waits:,} waiting" if found or waits else "nothing was told yet")


def _tries(found: "list[Attempt]") -> Table:
    table = Table(expand=True)
    for column in ("at (UTC)", "subscription", "alert", "occasion", "try", "result", "answer", "took"):
        table.add_column(column, justify="right" if column in {"try", "took"} else "left", overflow="fold")
    for one in found:
        result = plain(one.result)
        result.stylize(RESULTS[one.result])
        named = [plain(text) for text in (f"{one.at:%m-%d %H:%M:%S}", one.subscription, one.alert, one.occasion)]
        table.add_row(*named, f"{one.attempt}", result, plain(one.answer), f"{one.seconds:.2f} s")
    return table


def _plain(one: "Attempt") -> dict[str, object]:
    return asdict(one) | {"at": one.at.isoformat()}

"""``groundswell produce``: texts into Kafka, from a file, from feeds, or by HTTP."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from groundswell import log, metrics
from groundswell.cli.app import app, err, say, settings_of
from groundswell.cli.running import StageName
from groundswell.clock import SystemClock
from groundswell.kafka import Publisher, Topics, ensure_topics
from groundswell.messages import Kind
from groundswell.settings import Settings
from producers.formats import Encoding, Format

if TYPE_CHECKING:
    from producers.feedlist import Feed
    from producers.feeds import Polled
    from producers.file import Outcome

INTERRUPTED = 130
"""Exit status after Ctrl-C or SIGTERM, where the job was not done by then."""

produce = typer.Typer(help="Bring texts in: from a file, from feeds, or by HTTP.", no_args_is_help=True)
app.add_typer(produce, name="produce")


@produce.command()
def file(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="JSON lines, CSV with a header, or plain lines; - is standard input.")],
    format: Annotated[Format | None, typer.Option(help="Format; by default the extension tells it.")] = None,  # noqa: A002
    encoding: Annotated[Encoding, typer.Option(help="How the characters are written.")] = Encoding.UTF_8,
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Columns that have other names than the fields.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Source of texts that name none.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Kind of texts that name none.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of texts that name none.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of times without an offset, such as Asia/Shanghai.")] = None,
    default_now: Annotated[bool, typer.Option(help="A text without a time was published now.")] = False,
    speed: Annotated[float, typer.Option(min=0, help="Replay by published time, so many times as fast; 0: at once.")] = 0.0,
    strict: Annotated[bool, typer.Option(help="Stop at the first line that is no text.")] = False,
    rejected: Annotated[Path | None, typer.Option(help="Where lines that are no texts go; beside the source.")] = None,
    watermarks: Annotated[
        bool, typer.Option(help="Close event time along the file and at its end: for a past that nothing else feeds.")
    ] = False,
) -> None:
    """Send the texts of a file: once it ends, Kafka has acknowledged all of them."""
    from producers.file import Sending, produce_file
    from producers.formats import Reading, format_of, parse_columns  # noqa: PLC0415
    from producers.rows import Defaults  # noqa: PLC0415
    from producers.times import zone as zone_of  # noqa: PLC0415

    settings = settings_of(context)
    where = None if str(path) == "-" else path
    defaults = Defaults(source=source, kind=kind, lang=lang, zone=zone_of(zone) if zone else None, now=default_now)
    reading = Reading(format_of(where, format), encoding, parse_columns(columns or ()), defaults)
    sending = Sending(where, reading, speed=speed, strict=strict, rejected=rejected, punctuated=watermarks)
    signal.signal(signal.SIGTERM, _interrupt)
    with _publisher(settings) as publisher:
        topics = Topics(settings.kafka.topic_prefix)
        outcome = produce_file(sending, publisher, topics, settings.event_time, clock=SystemClock(), console=err)
    say(_told(outcome))
    if outcome.sent.interrupted:
        raise typer.Exit(INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
    raise KeyboardInterrupt


def _told(outcome: "Outcome") -> str:
    sent = outcome.sent
    parts = [f"{sent.texts:,} texts sent and acknowledged"]
    if sent.duplicates:
        parts.append(f"{sent.duplicates:,} of them had been sent before and count once")
    if outcome.rejected:
        parts.append(f"{outcome.rejected:,} lines were no texts, see {outcome.rejected_file}")
    if sent.interrupted:
        parts.append("stopped before the end of the file: send it again, the same text counts once")
    return "; ".join(parts)


@produce.command()
def feeds(
    context: typer.Context,
    feeds_file: Annotated[Path, typer.Argument(metavar="FILE", help="List of feeds (YAML or TOML): url and source of each.")],
) -> None:
    """Poll RSS and Atom feeds until Ctrl-C or SIGTERM; each entry is sent once."""
    from producers.feedlist import load_feeds, source_lateness  # noqa: PLC0415
    from producers.feeds import Status, run_feeds

    settings = settings_of(context)
    listed = load_feeds(feeds_file)
    _compare_lateness(source_lateness(listed), settings)
    clock = SystemClock()

    def on_poll(_feed: "Feed", polled: "Polled") -> None:
        if polled.status in {Status.OK, Status.UNCHANGED}:
            metrics.LAST_PROGRESS.labels("feeds").set(clock.now().timestamp())

    with _publisher(settings) as publisher, _page(settings, "feeds", settings.metrics.feeds_port):
        topics = Topics(settings.kafka.topic_prefix)
        run_feeds(listed, settings.data_dir, publisher, topics, clock=clock, on_poll=on_poll)


def _compare_lateness(wanted: dict[str, float], settings: Settings) -> None:
    """The diverger decides what is late, by the settings: a list of feeds that asks for more is told so."""
    for name, seconds in wanted.items():
        if seconds > settings.event_time.source_lateness.get(name, settings.event_time.lateness):
            say(
                f"feed {name} may be {seconds:g} s late, the settings allow less: "
                f'under [event_time.source_lateness] write "{name}" = {seconds:g}'
            )


@produce.command()
def http(context: typer.Context) -> None:
    """Take texts by POST /v1/texts until Ctrl-C or SIGTERM; 202 means that Kafka has them."""
    from producers.http import check_host, serve

    settings = settings_of(context)
    check_host(settings.ingest)
    group = f"{settings.kafka.topic_prefix}.{StageName.DIVERGER}"

    def ready(port: int) -> None:
        log.get("produce").info("ready", url=f"http://{settings.ingest.host}:{port}/v1/texts")

    with _publisher(settings) as publisher, _page(settings, "ingest", settings.metrics.ingest_port):
        serve(settings, publisher, SystemClock(), group, ready)


@contextmanager
def _publisher(settings: Settings) -> Iterator[Publisher]:
    ensure_topics(settings)
    publisher = Publisher(settings, f"{settings.kafka.topic_prefix}-produce")
    try:
        yield publisher
    finally:
        publisher.close()


@contextmanager
def _page(settings: Settings, name: str, port: int) -> Iterator[None]:
    """The metrics page of a service that lasts."""
    page = metrics.MetricsServer(settings.metrics.host, port, lambda: (True, f"{name} is running"))
    log.get("produce").info("started", service=name, metrics=f"http://{settings.metrics.host}:{page.port}/metrics")
    try:
        yield
    finally:
        page.close()
    log.get("produce").info("stopped", service=name)

"""``groundswell up``: Kafka, Valkey and all stages on this machine, with a live view, until Ctrl-C."""

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from groundswell import alerts as show
from groundswell import store
from groundswell.cli.app import app, interrupt, say, settings_of
from groundswell.cli.replaying import HOTTEST, row_of
from groundswell.kafka import Topics, ensure_topics
from groundswell.live import LiveView, Row
from groundswell.local import LocalStack
from groundswell.messages import Alert
from groundswell.settings import Settings
from groundswell.supervise import STAGES, Supervisor, pages
from groundswell.tail import Tail


class _Alerts:
    """The newest revision of each alert, read on from the topic each time."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._known: dict[str, Alert] = {}

    def __call__(self) -> list[Alert]:
        for alert in show.transitions(self._tail.poll(0.01)):
            if alert.id not in self._known or alert.revision > self._known[alert.id].revision:
                self._known[alert.id] = alert
        return show.newest(self._known.values())


@app.command()
def up(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="Data folder; by default that of the settings.")] = None,
    kafka_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the local Kafka; 0 takes a free one.")] = 9092,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers of your own Kafka, used instead of a local one.")] = None,
    redis: Annotated[str | None, typer.Option(help="URL of your own Redis or Valkey, used instead of a local one.")] = None,
    watchlist: Annotated[Path | None, typer.Option(help="Watchlist (YAML).")] = None,
    valkey_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the local Valkey; 0 takes a free one.")] = 6379,
) -> None:
    """Start Kafka, Valkey and all stages on this machine and show them at work; Ctrl-C stops all of it.

    A Kafka or Redis of your own (settings, --kafka, --redis) is used instead of a local one.
    """
    settings = settings_of(
        context, kafka={"bootstrap_servers": kafka}, redis={"url": redis}, data_dir=data, watchlist=watchlist
    )
    with ExitStack() as cleanup:
        signal.signal(signal.SIGTERM, interrupt)
        stack = LocalStack(
            settings.data_dir,
            settings.cache_dir,
            kafka_port=None if "bootstrap_servers" in settings.kafka.model_fields_set else kafka_port,
            valkey_port=None if "url" in settings.redis.model_fields_set else valkey_port,
            say=say,
        )
        try:
            _run(cleanup, stack, settings)
        except KeyboardInterrupt:
            say("stopping")


def _run(cleanup: ExitStack, stack: LocalStack, settings: Settings) -> None:
    cleanup.enter_context(stack)
    chosen = stack.settings(settings)
    ensure_topics(chosen)
    from consumers.converger.queries import Trends

    trends = Trends(store.connect(chosen.redis), chosen)
    tail = cleanup.enter_context(Tail(chosen, Topics(chosen.kafka.topic_prefix).alerts))
    supervisor = cleanup.enter_context(Supervisor(chosen, STAGES, say))

    def hottest() -> list[Row]:
        return [row_of(one) for one in trends.hottest(HOTTEST)]

    def ended() -> bool:
        stack.check()
        supervisor.check()
        return False

    title = f"groundswell · Kafka {chosen.kafka.bootstrap_servers} · {chosen.redis.url} · logs in {chosen.data_dir / 'logs'}"
    view = cleanup.enter_context(LiveView(pages(chosen), hottest, _Alerts(tail), title=title))
    view.run(ended)

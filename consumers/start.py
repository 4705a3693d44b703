"""Put a stage together from settings and run it with its metrics page until it is told to stop."""

from collections.abc import Mapping
from pathlib import Path

from consumers.converger.stage import Converger
from consumers.diverger import Diverger
from groundswell import log, store
from groundswell.clock import SystemClock
from groundswell.consume import ConsumeLoop
from groundswell.kafka import Topics, ensure_topics
from groundswell.metrics import MetricsServer
from groundswell.settings import Settings
from groundswell.stage import Stage
from model.entities import Watchlist, WatchlistFile
from model.pack import Pack, pack_folders
from model.reader import Reader


def watchlist(settings: Settings) -> WatchlistFile | None:
    """The watchlist of ``settings``, read again when its file changes; none where none is set."""
    return None if settings.watchlist is None else WatchlistFile(settings.watchlist, SystemClock())


def load_packs(settings: Settings) -> dict[str, Pack]:
    """The pack of each language, loaded and self-tested; FatalError where one reads its canned sentences wrong."""
    folders: dict[str, Path] = pack_folders() | {str(language): folder for language, folder in settings.reading.packs.items()}
    return {language: Pack.load(folder, settings.cache_dir, settings.reading.threads) for language, folder in folders.items()}


def reader(settings: Settings) -> Reader:
    """A reader with all packs and the watchlist of ``settings``."""
    listed = watchlist(settings)
    key = settings.reading.author_key.get_secret_value().encode()
    return Reader(load_packs(settings), listed.current if listed else Watchlist, key)


def diverger(settings: Settings) -> None:
    """Run the diverger."""
    ensure_topics(settings)
    many = settings.kafka.partitions
    topics = Topics(settings.kafka.topic_prefix)
    stage = Diverger(reader(settings), topics, (many, many), settings.event_time, SystemClock())
    _serve(settings, stage, settings.metrics.diverger_port)


def converger(settings: Settings) -> None:
    """Run the converger."""
    ensure_topics(settings)
    listed = watchlist(settings)

    def names() -> Mapping[str, str]:
        return {key: one.name for key, one in listed.current().entities.items()} if listed else {}

    stage = Converger(settings, store.connect(settings.redis), names, SystemClock())
    _serve(settings, stage, settings.metrics.converger_port)


def _serve(settings: Settings, stage: Stage, port: int) -> None:
    loop = ConsumeLoop(settings, stage, member=settings.loop.member)
    page = MetricsServer(settings.metrics.host, port, loop.healthy)
    log.get(__name__).info("stage started", stage=stage.name, metrics=f"http://{settings.metrics.host}:{page.port}/metrics")
    try:
        loop.run()
    finally:
        page.close()
    log.get(__name__).info("stage stopped", stage=stage.name)

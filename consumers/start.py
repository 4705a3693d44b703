"""Put the diverger, and whatever else reads with the model, together from settings; run the stage until it is told to stop."""

from collections.abc import Mapping
from pathlib import Path

from consumers.diverger import Diverger
from consumers.self_tests import SelfTests
from consumers.serve import serve
from groundswell.clock import SystemClock
from groundswell.kafka import Topics, ensure_topics
from groundswell.settings import Settings
from model.entities import Watchlist, WatchlistFile
from model.pack import Pack, pack_folders
from model.reader import Reader
from model.watch import Watch


def load_packs(settings: Settings) -> dict[str, Pack]:
    """The pack of each language, loaded and self-tested; FatalError where one reads its canned sentences wrong."""
    folders: dict[str, Path] = pack_folders() | {str(language): folder for language, folder in settings.reading.packs.items()}
    return {language: Pack.load(folder, settings.cache_dir, settings.reading.threads) for language, folder in folders.items()}


def reader(settings: Settings, packs: Mapping[str, Pack] | None = None) -> Reader:
    """A reader with the watchlist of ``settings`` and ``packs``, or all packs of ``settings``."""
    listed = WatchlistFile(settings.watchlist, SystemClock()) if settings.watchlist else None
    key = settings.reading.author_key.get_secret_value().encode()
    return Reader(load_packs(settings) if packs is None else packs, listed.current if listed else Watchlist, key)


def diverger(settings: Settings) -> None:
    """Run the diverger."""
    ensure_topics(settings)
    many = settings.kafka.partitions
    topics = Topics(settings.kafka.topic_prefix)
    packs, clock = load_packs(settings), SystemClock()
    watch = Watch(lambda: {language: pack.card.mix for language, pack in packs.items()})
    self_tests = SelfTests(packs, clock)
    stage = Diverger(reader(settings, packs), topics, (many, many), settings.event_time, clock, self_tests, watch)
    serve(settings, stage, settings.metrics.diverger_port)

"""Put the diverger, and whatever else reads with the model, together from settings; run the stage until it is told to stop."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from consumers.diverger import Diverger
from consumers.self_tests import SelfTests
from consumers.serve import serve
from consumers.watched import watchlist
from groundswell.clock import SystemClock
from groundswell.kafka import Topics, ensure_topics
from groundswell.settings import Settings
from model.entities import Watchlist
from model.folders import pack_folders
from model.pack import Pack
from model.reader import Predictor, Reader
from model.reload import PackFolder
from model.shadow import Shadow
from model.watch import Watch


def load_packs(settings: Settings) -> dict[str, PackFolder]:
    """The pack of each language, loaded and self-tested; FatalError where one reads its canned sentences wrong.

    They follow their folders where ``refresh`` is called.
    """
    folders = pack_folders(settings.reading)
    return {language: PackFolder(folder, partial(_load, settings), SystemClock()) for language, folder in folders.items()}


def reader(settings: Settings, packs: Mapping[str, Predictor] | None = None, *, shadows: bool = False) -> Reader:
    """A reader with the watchlist of ``settings``, with ``packs`` (else all of ``settings``), and shadows if asked."""
    listed = watchlist(settings)
    key = settings.reading.author_key.get_secret_value().encode()
    beside = {
        str(language): Shadow(language, partial(_load, settings, folder), settings.reading.shadow_share).observe
        for language, folder in settings.reading.shadow.items()
        if shadows
    }
    return Reader(load_packs(settings) if packs is None else packs, listed.current if listed else Watchlist, key, beside)


def _load(settings: Settings, folder: Path) -> Pack:
    return Pack.load(folder, settings.cache_dir, settings.reading.threads, settings.reading.backend)


def diverger(settings: Settings) -> None:
    """Run the diverger."""
    ensure_topics(settings)
    many = settings.kafka.partitions
    topics = Topics(settings.kafka.topic_prefix)
    packs, clock = load_packs(settings), SystemClock()
    watch = Watch(lambda: {language: pack.card.mix for language, pack in packs.items()})
    chores = [*(pack.refresh for pack in packs.values()), SelfTests(packs, clock).run_due]
    read = reader(settings, packs, shadows=True)
    stage = Diverger(read, topics, (many, many), settings.event_time, clock, watch, chores)
    serve(settings, stage, settings.metrics.diverger_port)

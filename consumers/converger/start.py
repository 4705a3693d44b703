"""Put the converger together from settings and run it until it is told to stop. Loads no model: it starts in a second."""

from collections.abc import Mapping

from consumers.converger.stage import Converger
from consumers.serve import serve
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.kafka import ensure_topics
from groundswell.settings import Settings
from model.entities import WatchlistFile


def converger(settings: Settings) -> None:
    """Run the converger."""
    ensure_topics(settings)
    clock = SystemClock()
    listed = WatchlistFile(settings.watchlist, clock) if settings.watchlist else None

    def names() -> Mapping[str, str]:
        return {key: one.name for key, one in listed.current().entities.items()} if listed else {}

    stage = Converger(settings, store.connect(settings.redis), names, clock)
    serve(settings, stage, settings.metrics.converger_port)

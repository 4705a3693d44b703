"""Put the converger together from settings and run it until it is told to stop. Loads no model: it starts in a second."""

from consumers.converger.stage import Converger
from consumers.serve import serve
from consumers.watched import called
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.kafka import ensure_topics
from groundswell.settings import Settings


def converger(settings: Settings) -> None:
    """Run the converger."""
    ensure_topics(settings)
    names, aliases = called(settings)
    stage = Converger(settings, store.connect(settings.redis), names, SystemClock(), aliases)
    serve(settings, stage, settings.metrics.converger_port)

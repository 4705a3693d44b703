"""Put the notifier together from settings and run it until it is told to stop. Loads no model: it starts in a second."""

from consumers.notifier.channels import channels
from consumers.notifier.courier import Couriers
from consumers.notifier.stage import Notifier
from consumers.serve import serve
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.kafka import ensure_topics
from groundswell.settings import Settings


def notifier(settings: Settings) -> None:
    """Run the notifier: its stage, and the couriers beside it."""
    ensure_topics(settings)
    clock = SystemClock()
    stage = Notifier(settings, store.connect(settings.redis), clock)
    couriers = Couriers(settings, store.connect(settings.redis), channels(settings), clock)
    couriers.start()
    try:
        serve(settings, stage, settings.metrics.notifier_port, couriers)
    finally:
        couriers.stop()

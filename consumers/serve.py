"""Run a stage with its metrics page until it is told to stop."""

from collections.abc import Callable

from groundswell import log
from groundswell.consume import ConsumeLoop
from groundswell.metrics import MetricsServer
from groundswell.settings import Settings
from groundswell.stage import Stage


def serve(settings: Settings, stage: Stage, port: int, beside: Callable[[], tuple[bool, str]] | None = None) -> None:
    """Run ``stage`` with its metrics page; ``beside`` tells whether what runs beside it is well, and why."""
    loop = ConsumeLoop(settings, stage, member=settings.loop.member)

    def healthy() -> tuple[bool, str]:
        well, why = loop.healthy()
        return beside() if well and beside else (well, why)

    page = MetricsServer(settings.metrics.host, port, healthy)
    log.get(__name__).info("stage started", stage=stage.name, metrics=f"http://{settings.metrics.host}:{page.port}/metrics")
    try:
        loop.run()
    finally:
        page.close()
    log.get(__name__).info("stage stopped", stage=stage.name)

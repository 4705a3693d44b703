"""Run a stage with its metrics page until it is told to stop."""

from typing import Protocol

from groundswell import log
from groundswell.consume import ConsumeLoop
from groundswell.metrics import MetricsServer
from groundswell.settings import Settings
from groundswell.stage import Stage


class Beside(Protocol):
    """What works beside a stage in its process."""

    def healthy(self) -> tuple[bool, str]:
        """Whether it is well, and why."""
        ...

    def begin_stop(self) -> None:
        """Begin to stop, at once and without waiting; safe from a signal handler."""
        ...


def serve(settings: Settings, stage: Stage, port: int, beside: Beside | None = None) -> None:
    """Run ``stage`` with its metrics page; it is well when ``beside`` is too, and both begin to stop together."""
    loop = ConsumeLoop(settings, stage, member=settings.loop.member, on_stop=beside.begin_stop if beside else lambda: None)

    def healthy() -> tuple[bool, str]:
        well, why = loop.healthy()
        return beside.healthy() if well and beside else (well, why)

    page = MetricsServer(settings.metrics.host, port, healthy)
    log.get(__name__).info("stage started", stage=stage.name, metrics=f"http://{settings.metrics.host}:{page.port}/metrics")
    try:
        loop.run()
    finally:
        page.close()
    log.get(__name__).info("stage stopped", stage=stage.name)

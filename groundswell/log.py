"""Logs: structlog, readable on a terminal and JSON elsewhere, never a text body at INFO, never a secret.

Log what happened and its numbers; ids stand for texts.
"""

import logging
import sys

import structlog

from groundswell.settings import LogSettings

LEVELS = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR")}


REPEAT_SECONDS = 30.0


class _Sparse(logging.Filter):
    """Lets a message of the Kafka client through once in a while: with the broker away it says the same many times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` is no repeat."""
        if not record.name.startswith("kafka"):
            return True
        message = str(record.msg)
        if record.created - self._last.get(message, 0.0) < REPEAT_SECONDS:
            return False
        self._last[message] = record.created
        return True


def configure(settings: LogSettings, *, service: bool = True) -> None:
    """Send all logs, those of libraries too, to standard error in one form.

    The Kafka client tells each of its failed tries: that belongs into the log of a ``service``; a command that ends has one
    line of its own for it.
    """
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.level]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_Sparse())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    # The client logs whole requests, logins among them, below WARNING.
    for name in ("kafka", "httpx", "httpcore"):  # the last two tell every request
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[settings.level]) if service else logging.CRITICAL)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger ``name``."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger

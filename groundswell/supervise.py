"""Stages as child processes: started from one tree of settings, restarted when they die unasked, stopped in order."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, SecretStr

from groundswell.clock import Clock, SystemClock
from groundswell.errors import FatalError
from groundswell.local.process import end, exit_reason, last_line, spawn
from groundswell.settings import ENV_PREFIX, Settings

STAGES = ("diverger", "converger", "notifier")
"""The stages of the whole pipeline, in the order in which they are stopped."""
RESTARTS = 3
"""Deaths in a row after which a stage is given up."""
BACK_OFF = 0.5
"""Seconds before the first restart; doubled for each further one."""
STEADY = 60.0
"""A stage that ran for so long starts its count of deaths anew, seconds."""
PATIENCE = 5.0
"""Longest wait for a stage to drain, seconds."""
LOG_LIMIT = 20_000_000
"""Bytes from which a log is put aside when its stage starts."""


def pages(settings: Settings) -> dict[str, str]:
    """Return the address of each stage's metrics page."""
    metrics = settings.metrics
    ports = {"diverger": metrics.diverger_port, "converger": metrics.converger_port, "notifier": metrics.notifier_port}
    return {stage: f"http://{metrics.host}:{port}/metrics" for stage, port in ports.items()}


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables from which a child process reads exactly these settings, secrets included.

    They hold what differs from the defaults, and point the child away from any settings file: whatever that said is
    in ``settings`` already.
    """
    variables = {f"{ENV_PREFIX}CONFIG": os.devnull}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            variables |= _section(f"{ENV_PREFIX}{name.upper()}", value)
        elif value is not None:
            variables[f"{ENV_PREFIX}{name.upper()}"] = str(value)
    return variables


def _section(head: str, section: BaseModel) -> dict[str, str]:
    default = type(section)()
    changed = {
        key: _plain(getattr(section, key))
        for key in type(section).model_fields
        if getattr(section, key) != getattr(default, key)
    }
    # A variable of its own cannot say "none"; one for the whole section can.
    empty = {key: None for key, value in changed.items() if value is None}
    named = {f"{head}__{key.upper()}": _text(value) for key, value in changed.items() if value is not None}
    return ({head: json.dumps(empty)} if empty else {}) | named


def _plain(value: object) -> object:
    """``value`` as JSON can hold it."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return str(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def stage_command(stage: str) -> list[str]:
    """Return the command that runs ``stage`` in a process of its own."""
    return [sys.executable, "-m", "groundswell", "run", stage]


@dataclass
class _Child:
    """One stage: its process, and how often it has died in a row."""

    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    again_at: float | None = None


class Supervisor:
    """A context manager that runs ``stages``; call `check` often, it starts again what has died.

    Logs go to ``logs/STAGE.log`` under the data folder, as JSON lines. ``say`` is told of each restart in one line.
    """

    def __init__(
        self,
        settings: Settings,
        stages: Sequence[str],
        say: Callable[[str], None],
        *,
        command: Callable[[str], Sequence[str]] = stage_command,
        clock: Clock | None = None,
    ) -> None:
        self._stages = tuple(stages)
        self._say = say
        self._command = command
        self._clock = clock or SystemClock()
        self._logs = settings.data_dir / "logs"
        outside = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
        self._environment: Mapping[str, str] = {**outside, **environment(settings), f"{ENV_PREFIX}LOG__FORMAT": "json"}
        self._children: dict[str, _Child] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each stage that runs."""
        return {stage: child.process.pid for stage, child in self._children.items() if child.process.poll() is None}

    def log(self, stage: str) -> Path:
        """Return where the log of ``stage`` is."""
        return self._logs / f"{stage}.log"

    def start(self) -> None:
        """Start all stages; FatalError in one line where a process cannot be started."""
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FatalError(f"{self._logs}: no folder for logs can be made there: {error.strerror}") from None
        for stage in self._stages:
            self._children[stage] = _Child(self._spawn(stage), self._clock.monotonic())

    def check(self) -> None:
        """Start again each stage that has died, after its pause; FatalError in one line for one that keeps dying."""
        for stage, child in self._children.items():
            if child.process.poll() is None:
                continue
            now = self._clock.monotonic()
            if child.again_at is None:
                self._count_death(stage, child, now)
            elif now >= child.again_at:
                child.process, child.started, child.again_at = self._spawn(stage), now, None

    def _count_death(self, stage: str, child: _Child, now: float) -> None:
        child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
        reason = exit_reason(child.process.returncode)
        if child.deaths > RESTARTS:
            said = f": {found}" if (found := self.last_words(stage)) else ""
            raise FatalError(f"{stage} ended again ({reason}) after {RESTARTS} restarts{said} (log: {self.log(stage)})")
        pause = BACK_OFF * 2 ** (child.deaths - 1)
        child.again_at = now + pause
        self._say(f"{stage} ended ({reason}): restart {child.deaths} of {RESTARTS} in {pause:g} s")

    def last_words(self, stage: str) -> str:
        """Return what the last line of the log of ``stage`` says; empty without one."""
        line = last_line(self.log(stage))
        try:
            record = json.loads(line)
        except ValueError:
            return line
        return str(record["event"]) if isinstance(record, dict) and "event" in record else line

    def _spawn(self, stage: str) -> subprocess.Popen[bytes]:
        path = self.log(stage)
        if path.is_file() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        try:
            with path.open("ab") as log:
                return spawn(self._command(stage), log, self._environment)
        except OSError as error:
            raise FatalError(f"{stage} cannot be started: {error}") from None

    def stop(self) -> None:
        """Stop the stages in the order in which they were started; each gets five seconds to drain."""
        for child in self._children.values():
            end(child.process, PATIENCE)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

"""What the tests of the command line share: commands run as a user runs them, and what comes of them."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from groundswell.cli import main
from groundswell.messages import Alert, AlertKind, Stance
from groundswell.settings import Settings
from groundswell.supervise import environment
from tests.alerts import alert_of


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]
EVIDENCE = ("The bank stops paying out", "Queues at the bank")


def surge(identity: str, kind: AlertKind = AlertKind.NEGATIVE_SURGE) -> Alert:
    """A firing alert on a bank with two stories as its evidence."""
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    read = Stance(negative=0.8, neutral=0.1, positive=0.1)
    return alert_of(
        now,
        id=identity,
        kind=kind,
        severity="warning",
        subject={"entity": "rippleferry-bank"},
        hypotheses=[],
        evidence=[{"excerpt": text, "source": "forum", "copies": 1, "stance": read} for text in EVIDENCE],
    )


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """Logs go back to where they went before: a command sends them to its own standard error."""
    root, client = logging.getLogger(), logging.getLogger("kafka")
    before = root.handlers[:], root.level, client.level
    yield
    root.handlers[:], root.level = before[0], before[1]
    client.setLevel(before[2])
    structlog.reset_defaults()


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    quiet_logs: None,  # noqa: ARG001 - it clears up behind the command
) -> Command:
    """Run the command line in an empty folder; its settings come from flags and variables alone."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["groundswell", *arguments])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        said = capfd.readouterr()
        return Ran(status, said.out, said.err)

    return run


@pytest.fixture
def on_servers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of this test, in the environment, so that commands find its servers."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings

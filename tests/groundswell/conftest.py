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
from groundswell.messages import Alert, AlertKind, AlertState, Bilingual, Evidence, Severity, Stance, Subject
from groundswell.settings import Settings
from groundswell.supervise import environment


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
    return Alert(
        id=identity,
        kind=kind,
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        subject=Subject(entity="rippleferry-bank"),
        headline=Bilingual(zh="负面舆情激增", en="negative surge"),
        started_at=now,
        detected_at=now,
        updated_at=now,
        observed=9,
        expected=1,
        ratio=9,
        p_value=1e-6,
        window_minutes=60,
        texts=9,
        authors=7,
        stories=2,
        sources=1,
        hypotheses=(),
        evidence=tuple(Evidence(excerpt=text, source="forum", copies=1, stance=read) for text in EVIDENCE),
        revision=1,
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

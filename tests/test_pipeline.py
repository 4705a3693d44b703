"""The whole pipeline over the bundled scenario, with the shipped packs, a real Kafka and a real Valkey."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundswell.alerts import newest
from groundswell.cli.rehearsal import Rehearsal, Summary, rehearse
from groundswell.cli.replaying import Stream, stream_of
from groundswell.messages import Alert, AlertKind, AlertState, Text
from groundswell.settings import load
from producers.demo import CRISIS_ENTITY, SHOUTED_ENTITY, scenario, watchlist_path

pytestmark = pytest.mark.timeout(600)
START = datetime(2026, 3, 2, tzinfo=UTC)
LIMIT = 540.0


def _texts() -> Iterator[Text]:
    return iter(scenario(START))


@dataclass(frozen=True)
class Run:
    """What one run came to."""

    summary: Summary
    alerts: list[Alert]
    trends: dict[str, int]


def _run(cache: Path, watch: Callable[[Rehearsal, float], None]) -> Run:
    """One run over the scenario; ``watch`` gets the share of the texts that is read, again and again."""
    stream: Stream = stream_of(_texts, "the bundled scenario")
    settings = load(watchlist=watchlist_path(), cache_dir=cache)
    with rehearse(settings, private=True, data=None, say=print) as run:
        run.send(stream.read(), 0.0, stream.final(settings), print)
        deadline = time.monotonic() + LIMIT
        while not run.finished():
            assert time.monotonic() < deadline, "the run does not come to its end"
            watch(run, len(run.audit.totals.texts) / stream.distinct)
        summary = run.summary(stream.read)
        trends = {one.subject: one.trend.texts for one in run.trends.all()}
        return Run(summary, run.audit.totals.alerts, trends)


@pytest.fixture(scope="module")
def calm(cache_dir: Path) -> Run:
    """A run that nothing disturbs."""
    return _run(cache_dir, lambda _run, _share: None)


@pytest.fixture(scope="module")
def stormy(cache_dir: Path) -> Run:
    """A run in which both stages and both servers are killed."""
    done: set[str] = set()

    def kill(run: Rehearsal, share: float) -> None:
        stack = run.stack
        assert stack is not None
        assert stack.kafka is not None
        assert stack.valkey is not None
        plan = [
            ("diverger", 0.2, run.supervisor.pids.get("diverger")),
            ("converger", 0.35, run.supervisor.pids.get("converger")),
        ]
        plan += [("kafka", 0.5, stack.kafka.pid), ("valkey", 0.7, stack.valkey.pid)]
        for name, at, pid in plan:
            if share >= at and name not in done and pid is not None:
                done.add(name)
                os.kill(pid, signal.SIGKILL)

    run = _run(cache_dir, kill)
    assert done == {"diverger", "converger", "kafka", "valkey"}
    return run


def _firing(run: Run) -> list[Alert]:
    return [alert for alert in run.alerts if alert.state == AlertState.FIRING]


def test_every_text_is_counted_once(calm: Run) -> None:
    assert (calm.summary.twice, calm.summary.lost) == (0, 0)


def test_the_crisis_fires_with_evidence_and_a_plan(calm: Run) -> None:
    crisis = [one for one in _firing(calm) if one.subject.entity == CRISIS_ENTITY and one.kind == AlertKind.NEGATIVE_SURGE]
    assert crisis
    assert len(crisis[0].evidence) >= 3
    assert crisis[0].plan
    assert all(one.words for one in crisis[0].evidence)


def test_the_author_who_shouts_raises_no_alert(calm: Run) -> None:
    assert not [one for one in _firing(calm) if one.subject.entity == SHOUTED_ENTITY]


def test_each_transition_is_told_once_and_every_alert_ends(calm: Run) -> None:
    told = [(one.id, one.revision) for one in calm.alerts]
    assert len(told) == len(set(told))
    assert {one.state for one in newest(calm.alerts)} == {AlertState.RESOLVED}


def test_kills_of_stages_and_servers_change_neither_trends_nor_alerts(calm: Run, stormy: Run) -> None:
    assert (stormy.summary.twice, stormy.summary.lost) == (0, 0)
    assert stormy.trends == calm.trends
    assert {(one.id, one.revision, one.state) for one in stormy.alerts} == {
        (one.id, one.revision, one.state) for one in calm.alerts
    }

"""The whole pipeline over half of the bundled scenario, with the shipped packs, a real Kafka and a real Valkey."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumers.backtest.record import TextRead
from consumers.backtest.run import run
from consumers.backtest.stream import place
from consumers.watched import called
from groundswell.alerts import newest
from groundswell.cli.rehearsal import Rehearsal, Summary, rehearse
from groundswell.cli.replaying import Stream, stream_of
from groundswell.kafka import Topics
from groundswell.messages import Alert, AlertKind, AlertState, Hypothesis, Text, Watermark
from groundswell.settings import ENV_PREFIX, Settings, load
from groundswell.supervise import STAGES, environment
from groundswell.tail import Tail
from model import taxonomy
from producers.demo import CRISIS_ENTITY, SHOUTED_ENTITY, watchlist_path
from tests.receiver import Receiver, receiving
from tests.second_half import second_half

pytestmark = pytest.mark.timeout(1200)
START = datetime(2026, 3, 2, tzinfo=UTC)
LIMIT = 540.0


def _texts() -> Iterator[Text]:
    return second_half(START)


@dataclass(frozen=True)
class Run:
    """What one run came to."""

    summary: Summary
    alerts: list[Alert]
    trends: dict[str, int]
    readings: dict[tuple[str, datetime], list[Hypothesis]]
    """What was read in each text, by its id and the time of its ingestion."""


def _run(cache: Path, watch: Callable[[Rehearsal, float], None]) -> Run:
    """One run over the scenario; ``watch`` gets the share of the texts that is read, again and again."""
    stream: Stream = stream_of(_texts, "the bundled scenario")
    settings = load(watchlist=watchlist_path(), cache_dir=cache, notifier={"allow_private": True})
    with rehearse(settings, private=True, data=None, say=print, stages=STAGES) as run:
        run.send(stream.read(), 0.0, stream.final(settings), print)
        deadline = time.monotonic() + LIMIT
        while not run.finished():
            assert time.monotonic() < deadline, "the run does not come to its end"
            watch(run, len(run.audit.totals.texts) / stream.distinct)
        while not run.told():
            assert time.monotonic() < deadline, "not everybody is told"
            time.sleep(0.1)
        summary = run.summary(stream.read)
        trends = {one.subject: one.trend.texts for one in run.trends.all()}
        return Run(summary, run.audit.totals.alerts, trends, _readings(run.settings))


def _readings(settings: Settings) -> dict[tuple[str, datetime], list[Hypothesis]]:
    found = defaultdict(list)
    with Tail(settings, Topics(settings.kafka.topic_prefix).hypotheses) as tail:
        for record in tail.to_end():
            if record.schema != Watermark.schema_name:
                hypothesis = Hypothesis.from_wire(record.value)
                found[hypothesis.text_id, hypothesis.ingested_at].append(hypothesis)
    return found


@pytest.fixture(scope="module")
def desk() -> Iterator[Receiver]:
    """A receiver that is told of the crisis."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def calm(cache_dir: Path, desk: Receiver) -> Run:
    """A run that nothing disturbs, to which someone subscribes while it is under way."""
    subscribed: list[str] = []

    def subscribe(run: Rehearsal, share: float) -> None:
        if share > 0.05 and not subscribed:
            words = ["subscribe", "desk", "--webhook", f"{desk.url}/alerts", "--entity", CRISIS_ENTITY, "--json"]
            outside = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
            command = [sys.executable, "-m", "groundswell", *words]
            subscribed.append(subprocess.check_output(command, env=outside | environment(run.settings), text=True))

    run = _run(cache_dir, subscribe)
    assert json.loads(subscribed[0])["secret"].startswith("whsec_")
    return run


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


def test_a_webhook_hears_once_that_the_crisis_begins_and_once_that_it_is_over(calm: Run, desk: Receiver) -> None:
    crisis = {one.id for one in _firing(calm) if one.subject.entity == CRISIS_ENTITY and one.kind == AlertKind.NEGATIVE_SURGE}
    told = [(Alert.from_wire(one.body).id, one.headers["groundswell-occasion"]) for one in desk.told]
    for alert in crisis:
        occasions = [occasion for told_of, occasion in told if told_of == alert]
        assert (occasions.count("firing"), occasions.count("resolved")) == (1, 1)
    keys = [one.headers["webhook-id"] for one in desk.told]
    assert len(keys) == len(set(keys))


def test_kills_of_stages_and_servers_change_neither_trends_nor_alerts(calm: Run, stormy: Run) -> None:
    assert (stormy.summary.twice, stormy.summary.lost) == (0, 0)
    assert stormy.trends == calm.trends
    assert {(one.id, one.revision, one.state) for one in stormy.alerts} == {
        (one.id, one.revision, one.state) for one in calm.alerts
    }


def test_a_backtest_tells_what_the_pipeline_tells(calm: Run, cache_dir: Path) -> None:
    """Of the same readings, that is: the same reader makes them for both."""
    settings = load(watchlist=watchlist_path(), cache_dir=cache_dir)
    read = [_read(text, calm) for text in _texts()]
    assert sum(bool(one.hypotheses) for one in read) > 1000
    found = run(place(read, settings), settings.converger, taxonomy.load(), called(settings))
    assert _transitions(found) == _transitions(calm.alerts)


def _read(text: Text, run: Run) -> TextRead:
    hypotheses = tuple(run.readings.get((text.id, text.ingested_at), ()))
    times = {"published_at": text.published_at, "ingested_at": text.ingested_at}
    return TextRead(id=text.id, source=text.source, hypotheses=hypotheses, url=text.url, **times)


def _transitions(alerts: list[Alert]) -> set[tuple[str, int, AlertState, datetime, datetime]]:
    return {(one.id, one.revision, one.state, one.detected_at, one.updated_at) for one in alerts}

"""The files of Prometheus are true of a running pipeline.

All stages run, the ingest service and a receiver; half of the bundled scenario and one record of poison are sent, and a real
Prometheus scrapes them with the shipped files.
"""

import json
import math
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from consumers.notifier.channels.signature import new_secret
from consumers.notifier.store import Subscriptions
from consumers.notifier.subscription import Subscription
from groundswell import store
from groundswell.clock import SystemClock
from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.local import LocalKafka, LocalValkey
from groundswell.local.ports import free_port
from groundswell.local.process import end, spawn
from groundswell.punctuation import punctuate
from groundswell.settings import (
    EventTimeSettings,
    IngestSettings,
    KafkaSettings,
    MetricsSettings,
    NotifierSettings,
    ReadingSettings,
    RedisSettings,
    Settings,
)
from groundswell.supervise import STAGES, Supervisor, stage_command
from model.folders import pack_folders
from producers.demo import HOURS, watchlist_path
from producers.send import send_texts
from tests.deploy.series import rules_of
from tests.receiver import receiving
from tests.second_half import second_half

Tool = Callable[[str], str]
PATIENCE = 180.0
"""Seconds after the traffic within which everything has data."""
AFTER_MANY = "groundswell_drift_psi"
"""What has data after the first 500 texts of a language, however long these take to read."""
LOOKED_AT = re.compile(r"\b(?:groundswell_[a-z_]+|up|process_start_time_seconds)\{[^}]*\}")


class Prometheus:
    """A running Prometheus that can be asked."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)

    def close(self) -> None:
        self._client.close()

    def ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def ask(self, expression: str) -> list[float]:
        """The values of an expression now; fails where it does not parse."""
        answer = self._client.post("/api/v1/query", data={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        result = answer["data"]["result"]
        return [float(result[1])] if answer["data"]["resultType"] == "scalar" else [float(one["value"][1]) for one in result]

    def has(self, expression: str) -> bool:
        """Whether it has a value that is a number."""
        return any(not math.isnan(value) for value in self.ask(expression))

    def rules(self) -> list[dict[str, Any]]:
        groups = self._client.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def live(kafka: LocalKafka, valkey: LocalValkey, cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a whole pipeline, with ports of its own."""
    folder = tmp_path_factory.mktemp("live")
    ports = {f"{name}_port": free_port() for name in (*STAGES, "ingest", "feeds")}
    return Settings(
        kafka=KafkaSettings(bootstrap_servers=kafka.bootstrap_servers, topic_prefix="live", partitions=2),
        redis=RedisSettings(url=valkey.url, prefix="live"),
        event_time=EventTimeSettings(idle_timeout=None),
        reading=ReadingSettings(shadow={"zh": pack_folders(ReadingSettings())["zh"]}),
        ingest=IngestSettings(port=free_port()),
        notifier=NotifierSettings(allow_private=True),
        metrics=MetricsSettings.model_validate(ports),
        watchlist=watchlist_path(),
        cache_dir=cache_dir,
        data_dir=folder,
    )


def subscribe(settings: Settings, url: str) -> None:
    """Have all alerts told to a receiver on this machine."""
    client = store.connect(settings.redis)
    target = {"type": "webhook", "url": url, "secret": new_secret()}
    wanted = Subscription.model_validate({"name": "live", "target": target, "created_at": datetime.now(UTC)})
    Subscriptions(client, settings.redis.prefix).add(wanted, replace=False)
    client.close()


def command_of(process: str) -> Sequence[str]:
    return [sys.executable, "-m", "groundswell", "produce", "http"] if process == "ingest" else stage_command(process)


def targets_of(settings: Settings) -> list[dict[str, Any]]:
    """The processes that run, as a file of targets."""
    ports = {name: getattr(settings.metrics, f"{name}_port") for name in (*STAGES, "ingest")}
    return [{"targets": [f"127.0.0.1:{port}"], "labels": {"stage": name}} for name, port in ports.items()]


@pytest.fixture(scope="module")
def pipeline(live: Settings) -> Iterator[Settings]:
    """All stages and the ingest service as processes, and a receiver that is subscribed to all alerts."""
    ensure_topics(live)
    with receiving() as receiver:
        subscribe(live, receiver.url)
        with Supervisor(live, (*STAGES, "ingest"), print, command=command_of):
            yield live


@pytest.fixture(scope="module")
def prometheus(pipeline: Settings, deploy: Path, tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the shipped files beside a list of the targets that run here; all of them answer."""
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copy(deploy / "prometheus" / "prometheus.yml", folder)
    shutil.copytree(deploy / "prometheus" / "rules", folder / "rules")
    (folder / "targets").mkdir()
    (folder / "targets" / "live.yml").write_text(yaml.safe_dump(targets_of(pipeline)), "utf-8")
    port = free_port()
    command = [tool("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with ExitStack() as cleanup:
        log = cleanup.enter_context((folder / "log").open("wb"))
        process = spawn([*command, f"--web.listen-address=127.0.0.1:{port}"], log)
        cleanup.callback(end, process, 10)
        server = cleanup.enter_context(closing(Prometheus(port)))
        wait_until(server.ready, 30, "Prometheus does not start")
        wait_until(lambda: server.ask("sum(up == 1)") == [4.0], 90, "not all processes answer")
        yield server


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.5)


@pytest.fixture(scope="module")
def traffic(pipeline: Settings, prometheus: Prometheus) -> None:  # noqa: ARG001 - traffic is worth watching from its start
    """The second half of a scenario that ends now, a record of poison, texts by HTTP, and a request that is refused."""
    now = datetime.now(UTC)
    topics, publisher = Topics(pipeline.kafka.topic_prefix), Publisher(pipeline, "live")
    with closing(publisher):
        publisher.publish([Output(topics.texts, b"poison", b"\xff{oops")])
        texts = second_half(now - timedelta(hours=HOURS))
        send_texts(punctuate(texts, pipeline.event_time, final=now), publisher, topics, SystemClock())
    url = f"http://127.0.0.1:{pipeline.ingest.port}/v1/texts"
    with httpx.Client(trust_env=False) as client:
        text = {"text": "Apple beats estimates", "source": "wire", "published_at": now.isoformat()}
        assert client.post(url, json=text).status_code == 202
        assert client.post(url, json={"text": "no source"}).status_code == 422


def asked_by(dashboard: Path) -> list[str]:
    """The expressions of a dashboard with its variables filled in as Grafana does for "All"."""
    written = json.loads(dashboard.read_text("utf-8"))
    found = [target["expr"] for panel in written["panels"] for target in panel.get("targets", ())]
    found += [re.sub(r"^label_values\((.*), \w+\)$", r"\1", one["definition"]) for one in written["templating"]["list"][1:]]
    filled = {"$__rate_interval": "1m", "$__range": "10m"}
    for variable, value in filled.items():
        found = [one.replace(variable, value) for one in found]
    return [re.sub(r"\$\w+", ".*", one) for one in found]


def all_wanted(deploy: Path) -> set[str]:
    """What must have data: of a rule, whose alert should not fire now, it is the series it looks at."""
    shown = {one for path in (deploy / "grafana" / "dashboards").glob("*.json") for one in asked_by(path)}
    return shown | {selector for rule in rules_of(deploy) for selector in LOOKED_AT.findall(rule["expr"])}


def empty_after(prometheus: Prometheus, wanted: set[str], seconds: float) -> list[str]:
    """Those of ``wanted`` that have had no data by then."""
    deadline = time.monotonic() + seconds
    while wanted and time.monotonic() < deadline:
        wanted = {expression for expression in wanted if not prometheus.has(expression)}
        time.sleep(1)
    return sorted(wanted)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("traffic")
def test_everything_on_the_dashboards_and_in_the_rules_has_data(prometheus: Prometheus, deploy: Path) -> None:
    for rule in rules_of(deploy):
        prometheus.ask(rule["expr"])
    assert empty_after(prometheus, {one for one in all_wanted(deploy) if AFTER_MANY not in one}, PATIENCE) == []


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("traffic")
def test_drift_is_told_once_there_are_texts_enough(prometheus: Prometheus, deploy: Path) -> None:
    many = {one for one in all_wanted(deploy) if AFTER_MANY in one}
    assert len(many) > 1
    assert empty_after(prometheus, many, 2 * PATIENCE) == []


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("traffic")
def test_prometheus_evaluates_every_rule_and_a_pipeline_that_is_well_fires_none(prometheus: Prometheus, deploy: Path) -> None:
    def evaluated() -> bool:
        return all(rule["health"] != "unknown" for rule in prometheus.rules())

    wait_until(evaluated, 30, "not all rules were evaluated")
    found = prometheus.rules()
    assert {rule["name"] for rule in found} == {rule["alert"] for rule in rules_of(deploy)}
    assert {rule["health"] for rule in found} == {"ok"}
    assert [rule["name"] for rule in found if rule["state"] == "firing"] == []

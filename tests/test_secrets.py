"""No password, token or key in any log line, at the most talkative level, in calm and in trouble."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.local import LocalKafka, LocalValkey, ports
from groundswell.settings import (
    IngestSettings,
    KafkaSettings,
    LogSettings,
    MetricsSettings,
    NotifierSettings,
    ReadingSettings,
    RedisSettings,
    Settings,
)
from groundswell.supervise import STAGES, Supervisor, environment
from tests.alerts import alert_of
from tests.receiver import receiving

pytestmark = pytest.mark.timeout(400)
Eventually = Callable[[Callable[[], bool]], bool]

KAFKA, REDIS, TOKEN, AUTHOR = "kafka-pw-7Qx", "redis-pw-3Zk", "ingest-tok-9Lm", "author-key-5Bn"
HOOK_PATH, HOOK_SECRET = "hook-path-2Rt", "whsec_" + "c2VjcmV0LW9mLXRoZS13ZWJob29rLTEyMzQ1Ng=="
MAIL = "mail-pw-8Vd"
SECRETS = [KAFKA, REDIS, TOKEN, AUTHOR, HOOK_PATH, HOOK_SECRET, HOOK_SECRET.removeprefix("whsec_"), MAIL]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[tuple[str, LocalValkey]]:
    """The address of a Kafka that asks for a password, and a Valkey that does."""
    folder = tmp_path_factory.mktemp("secrets")
    plain, guarded, controller = (f"{ports.LOOPBACK}:{ports.free_port()}" for _ in range(3))
    listeners = f"PLAINTEXT://{plain},CONTROLLER://{controller},SASL_PLAINTEXT://{guarded}"
    login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_reader="{KAFKA}";'
    node = {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "controller.quorum.bootstrap.servers": controller,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": login,
    }
    valkey = LocalValkey(folder / "valkey", password=SecretStr(REDIS))
    with LocalKafka(folder / "kafka", cache_dir, int(plain.rpartition(":")[2]), node=node), valkey:
        yield guarded, valkey


def settings_for(kafka: str, redis: str, folder: Path, cache: Path) -> Settings:
    return Settings(
        kafka=KafkaSettings(
            bootstrap_servers=kafka,
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            username="reader",
            password=SecretStr(KAFKA),
            partitions=2,
        ),
        redis=RedisSettings(url=redis, password=SecretStr(REDIS)),
        reading=ReadingSettings(author_key=SecretStr(AUTHOR)),
        ingest=IngestSettings(port=ports.free_port(), token=SecretStr(TOKEN)),
        notifier=NotifierSettings(allow_private=True),
        metrics=MetricsSettings(
            diverger_port=0,
            converger_port=0,
            notifier_port=0,
            ingest_port=0,
        ),
        log=LogSettings(level="DEBUG"),
        cache_dir=cache,
        data_dir=folder,
    )


def groundswell(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with these settings; what it says on standard error is a log too."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GROUNDSWELL_")}
    variables = outside | environment(settings)
    command = [sys.executable, "-m", "groundswell", *words]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)


def ingest(settings: Settings, token: str) -> int:
    """Send one text to the ingest service; the status."""
    text = {"text": "Acme plunges", "source": "wire", "author": "someone", "published_at": datetime.now(UTC).isoformat()}
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{settings.ingest.port}/v1/texts", json=text, headers={"Authorization": f"Bearer {token}"}
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code


def test_no_log_line_of_a_full_run_holds_a_secret(
    servers: tuple[str, LocalValkey], tmp_path: Path, cache_dir: Path, eventually: Eventually
) -> None:
    kafka, valkey = servers
    settings = settings_for(kafka, valkey.url, tmp_path, cache_dir)
    ensure_topics(settings)
    answers = iter([500, 200])
    (tmp_path / "secret").write_text(HOOK_SECRET, "utf-8")
    said: list[str] = []
    with receiving(lambda _: next(answers, 200)) as receiver, Supervisor(settings, STAGES, said.append) as stages:
        hook = f"{receiver.url}/{HOOK_PATH}"
        lost = f"mailto://reader:{MAIL}@127.0.0.1:{ports.free_port()}/?from=desk@acme.example"
        calls = [
            groundswell(settings, "subscribe", "desk", "--webhook", hook, "--secret-file", str(tmp_path / "secret")),
            groundswell(settings, "subscribe", "post", "--apprise", lost),
            groundswell(settings, "subscriptions"),
        ]
        assert [call.returncode for call in calls] == [0, 0, 0], [call.stderr[-300:] for call in calls]
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GROUNDSWELL_")}
        with (tmp_path / "http.log").open("wb") as log:
            command = [sys.executable, "-m", "groundswell", "produce", "http"]
            http = subprocess.Popen(command, env=outside | environment(settings), stdout=log, stderr=log)
        try:
            assert eventually(lambda: ingest(settings, "wrong") == 401)
            assert eventually(lambda: ingest(settings, TOKEN) == 202)
            publish(settings)
            assert eventually(lambda: len(receiver.told) >= 2)
            valkey.kill()
            time.sleep(1)
            valkey.start()
            assert eventually(lambda: ingest(settings, TOKEN) == 202)
        finally:
            http.terminate()
            http.wait(20)
        calls.append(groundswell(settings, "deliveries"))
        calls.append(groundswell(settings, "doctor"))
        logs = {stage: stages.log(stage).read_text("utf-8") for stage in STAGES}
    logs["http"] = (tmp_path / "http.log").read_text("utf-8")
    logs["commands"] = "".join(call.stdout + call.stderr for call in calls) + "".join(said)
    for stage in STAGES:
        assert "stage started" in logs[stage]
    assert [(name, secret) for name, text in logs.items() for secret in SECRETS if secret in text] == []
    assert any(json.loads(line).get("level") == "debug" for line in logs["notifier"].splitlines() if line.startswith("{"))


def publish(settings: Settings) -> None:
    """An alert for the notifier, and a record for the deadletters."""
    topics = Topics(settings.kafka.topic_prefix)
    publisher = Publisher(settings, "test")
    try:
        publisher.publish([Output.of(topics.alerts, "a1", alert_of()), Output(topics.texts, b"x", b"\xff{oops")])
    finally:
        publisher.close()

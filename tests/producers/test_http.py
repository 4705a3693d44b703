"""The ingest service over its ASGI interface, with a real broker behind it; and as a process, for its end."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from pydantic import SecretStr

from groundswell.clock import ManualClock, SystemClock
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, Record, Topics, admin, consumer
from groundswell.local import LocalKafka
from groundswell.messages import Text
from groundswell.settings import IngestSettings, Settings
from producers.courier import Courier
from producers.http import Ingest, check_host, create_app
from producers.lag import LagWatcher, group_lag
from producers.send import send_texts

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
GOOD: dict[str, object] = {"text": "Shares fall", "source": "forum", "published_at": "2026-03-09T09:30:00Z"}
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
Look = Callable[[], list[Record]]


@pytest.fixture
def ingest(publisher: Publisher, topics: Topics) -> Iterator[Ingest]:
    courier = Courier(publisher)
    yield Ingest(IngestSettings(max_body_bytes=200_000, max_lag=100), topics, courier, ManualClock(NOW), lambda: None)
    courier.close()


def post(ingest: Ingest, content: bytes | str | AsyncIterator[bytes], headers: dict[str, str]) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(ingest), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/v1/texts", content=content, headers=headers)

    return asyncio.run(call())


def test_one_text_is_accepted_once_it_stands_in_kafka(ingest: Ingest, texts_topic: Look) -> None:
    answer = post(ingest, json.dumps(GOOD), JSON)
    stored = [Text.from_wire(record.value) for record in texts_topic()]
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "ids": [stored[0].id]})
    assert stored[0].ingested_at == NOW


def test_many_lines_are_accepted_in_their_order(ingest: Ingest, texts_topic: Look) -> None:
    lines = [json.dumps(GOOD | {"id": f"n{number}"}) for number in range(50)]
    answer = post(ingest, "\n".join([*lines, ""]), NDJSON)
    assert answer.json()["ids"] == [f"n{number}" for number in range(50)]
    assert len(texts_topic()) == 50


def test_one_bad_line_is_named_and_nothing_is_sent(ingest: Ingest, texts_topic: Look) -> None:
    lines = [json.dumps(GOOD), "", json.dumps(GOOD | {"published_at": "2026-03-09T09:30:00"}), json.dumps(GOOD)]
    answer = post(ingest, "\n".join(lines), NDJSON)
    assert answer.status_code == 422
    assert (answer.json()["line"], answer.json()["field"]) == (3, "published_at")
    assert "no zone: write its offset" in answer.json()["error"]
    assert texts_topic() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"[" * 150_000,
        b'{"a":' * 30_000,
        b'{"text": NaN}',
        b'{"text": 1e999}',
        b"\xff{oops",
        b"9" * 10_000,
        json.dumps(GOOD | {"text": "nul \0"}).encode(),
        json.dumps(GOOD | {"text": "half \ud800"}).encode(),
        json.dumps(GOOD | {"half \ud800": 1}).encode(),
        json.dumps(GOOD | {"mood": "bad"}).encode(),
        json.dumps(GOOD | {"ingested_at": "2026-03-09T09:30:00Z"}).encode(),
        json.dumps(GOOD | {"text": {"a": ["b"]}}).encode(),
        json.dumps(GOOD | {"text": "x" * 100_001}).encode(),
        json.dumps(GOOD | {"published_at": 1e300}).encode(),
        json.dumps(GOOD | {"published_at": None}).encode(),
    ],
)
def test_what_is_no_text_is_unprocessable_and_never_an_error_of_ours(ingest: Ingest, body: bytes) -> None:
    answer = post(ingest, body, JSON)
    assert answer.status_code == 422
    assert answer.json()["line"] == 1


def test_a_body_over_the_limit_is_refused(ingest: Ingest) -> None:
    assert post(ingest, b"x" * 200_001, JSON).status_code == 413


def test_a_body_over_the_limit_without_a_length_is_refused(ingest: Ingest) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 10_000

    assert post(ingest, chunks(), JSON).status_code == 413


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, JSON | {"Content-Encoding": "gzip"}])
def test_another_type_of_content_is_refused(ingest: Ingest, headers: dict[str, str]) -> None:
    assert post(ingest, json.dumps(GOOD), headers).status_code == 415


def test_only_the_bearer_of_the_token_is_let_in(ingest: Ingest) -> None:
    ingest.settings = ingest.settings.model_copy(update={"token": SecretStr("geheim-令牌")})
    body = json.dumps(GOOD)
    for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic geheim"}):
        answer = post(ingest, body, JSON | shown)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="groundswell"')
    ingest.settings = ingest.settings.model_copy(update={"token": SecretStr("geheim")})
    assert post(ingest, body, JSON | {"Authorization": "Bearer geheim"}).status_code == 202


def test_callers_wait_when_too_many_texts_are_unread(ingest: Ingest) -> None:
    ingest.lag = lambda: 101
    answer = post(ingest, json.dumps(GOOD), JSON)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")


@pytest.mark.parametrize("lag", [None, 0, 100])
def test_callers_do_not_wait_when_few_texts_are_unread_or_nobody_knows(ingest: Ingest, lag: int | None) -> None:
    ingest.lag = lambda: lag
    assert post(ingest, json.dumps(GOOD), JSON).status_code == 202


def test_a_broker_that_is_away_means_come_back_later(ingest: Ingest, kafka: LocalKafka) -> None:
    ingest.ack_timeout = 1.0
    kafka.kill()
    answer = post(ingest, json.dumps(GOOD), JSON)
    kafka.start()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "each text counts once" in answer.json()["error"]


def test_another_path_is_told_in_json(ingest: Ingest) -> None:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(ingest))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/v1/texts")

    answer = asyncio.run(call())
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "ingest.example"])  # noqa: S104 - that it is refused is the point
def test_others_are_not_served_without_a_token(host: str) -> None:
    with pytest.raises(FatalError, match=r"ingest\.token"):
        check_host(IngestSettings(host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_is_served_without_a_token(host: str) -> None:
    check_host(IngestSettings(host=host))


def unread(topics: Topics, count: int, publisher: Publisher) -> None:
    texts = [Text(text=f"t{n}", source="s", published_at=NOW, ingested_at=NOW) for n in range(count)]
    send_texts(texts, publisher, topics, SystemClock())


def patient_lag(client: KafkaAdminClient, group: str, topic: str) -> int:
    """The lag, once a broker that another test killed has read the offsets of all groups."""
    for _ in range(40):
        try:
            return group_lag(client, group, topic)
        except KafkaError:
            time.sleep(0.5)
    return -1


def test_lag_is_what_the_group_has_not_committed(settings: Settings, topics: Topics, publisher: Publisher) -> None:
    unread(topics, 40, publisher)
    reader = consumer(settings, f"{topics.prefix}.reader", max_poll_records=100)
    reader.subscribe([topics.texts])
    seen = 0
    while seen < 40:
        seen += sum(len(records) for records in reader.poll(timeout_ms=500).values())
    reader.commit()
    reader.close()
    unread(topics, 3, publisher)
    client = admin(settings)
    assert patient_lag(client, f"{topics.prefix}.reader", topics.texts) == 3
    assert patient_lag(client, f"{topics.prefix}.newcomer", topics.texts) == 43
    client.close()


def test_the_watcher_knows_nothing_of_a_broker_that_is_not_there(settings: Settings) -> None:
    nowhere = settings.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1", "connect_timeout": 0.5})
    watcher = LagWatcher(settings.model_copy(update={"kafka": nowhere}), "group", SystemClock())
    time.sleep(1)
    assert watcher.lag() is None
    watcher.close()


def test_the_service_says_its_port_serves_and_ends_within_five_seconds_of_sigterm(
    settings: Settings, topics: Topics, texts_topic: Look
) -> None:
    program = (
        "import sys\n"
        "from groundswell.clock import SystemClock\n"
        "from groundswell.kafka import Publisher\n"
        "from groundswell.log import configure\n"
        "from groundswell.settings import load\n"
        "from producers.http import serve\n"
        "kafka = {'bootstrap_servers': sys.argv[1], 'topic_prefix': sys.argv[2]}\n"
        "settings = load(kafka=kafka, ingest={'port': 0})\n"
        "configure(settings.log)\n"
        "publisher = Publisher(settings, 'ingest')\n"
        "serve(settings, publisher, SystemClock(), 'group', ready=lambda port: print(port, flush=True))\n"
        "publisher.close()\n"
    )
    command = [sys.executable, "-c", program, settings.kafka.bootstrap_servers, topics.prefix]
    root, pipe = Path(__file__).parents[2], subprocess.PIPE
    with subprocess.Popen(command, text=True, cwd=root, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline())
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
        assert httpx.post(f"{url}/v1/texts", content=json.dumps(GOOD), headers=JSON).status_code == 202
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - started < 5
        assert "Shares fall" not in process.stderr.read()
    assert len(texts_topic()) == 1

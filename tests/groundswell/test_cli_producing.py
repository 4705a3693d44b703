"""``produce file``, ``feeds`` and ``http`` as their users see them; what they share with the producers is tested there."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from groundswell.kafka import Record, Topics, ensure_topics
from groundswell.local import ports
from groundswell.messages import Text
from groundswell.settings import Settings
from groundswell.tail import Tail
from tests.groundswell.conftest import Command

ROW = {"text": "Sales fell", "source": "forum", "published_at": "2026-03-09T09:30:00Z"}


def texts_of(settings: Settings) -> list[Text]:
    def is_text(record: Record) -> bool:
        return record.schema == Text.schema_name

    with Tail(settings, Topics(settings.kafka.topic_prefix).texts) as tail:
        return [Text.from_wire(one.value) for one in tail.to_end() if is_text(one)]


def test_a_file_is_sent_and_its_bad_lines_are_kept_apart(command: Command, on_servers: Settings, tmp_path: Path) -> None:
    rows = [json.dumps(ROW | {"text": f"Sales fell {number}"}) for number in range(20)]
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, "oops", rows[0]]))
    ran = command("produce", "file", "a.jsonl")
    assert ran.status == 0
    assert "21 texts sent and acknowledged; 1 of them had been sent before and count once" in ran.err
    assert "1 lines were no texts, see a.jsonl.rejected.jsonl" in ran.err
    assert len({text.id for text in texts_of(on_servers)}) == 20


def test_columns_zone_and_source_can_be_named(command: Command, on_servers: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("content,time\n利好,2026-03-09 17:30:00\n")
    flags = ["--map", "text=content,published_at=time", "--zone", "Asia/Shanghai", "--source", "board", "--kind", "market"]
    assert command("produce", "file", "a.csv", *flags).status == 0
    (text,) = texts_of(on_servers)
    assert (text.text, text.source, text.kind) == ("利好", "board", "market")
    assert text.published_at.isoformat() == "2026-03-09T09:30:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("file", "missing.jsonl"), "missing.jsonl: No such file or directory; name a file of texts"),
        (("file", "a.docx"), "the extension tells no format"),
        (("file", "a.csv", "--zone", "Mars/Base"), "zone 'Mars/Base': no such time zone"),
        (("file", "a.csv", "--map", "body=content"), "a text has no field 'body'"),
        (("feeds", "missing.yaml"), "missing.yaml: No such file or directory; name a YAML or TOML list of feeds"),
    ],
)
@pytest.mark.usefixtures("on_servers")
def test_a_mistake_is_told_in_one_line(command: Command, arguments: tuple[str, ...], said: str) -> None:
    ran = command("produce", *arguments)
    assert ran.status == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_broker_that_is_away_is_told_in_one_line(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(ROW))
    monkeypatch.setenv("GROUNDSWELL_KAFKA__CONNECT_TIMEOUT", "0.5")
    ran = command("--kafka", f"127.0.0.1:{ports.free_port()}", "produce", "file", "a.jsonl")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "did not answer within 0.5 s" in ran.err


def test_an_ingest_service_open_to_all_needs_a_token(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_INGEST__HOST", "0.0.0.0")  # noqa: S104 - that is what is refused
    ran = command("produce", "http")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "ingest.token is not set" in ran.err


@pytest.fixture
def running() -> Iterator[Any]:
    """Start commands in processes of their own; what still runs afterwards is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "groundswell", *arguments]
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def logged(stream: IO[str] | None, event: str) -> dict[str, Any]:
    """The next log line that tells ``event``."""
    assert stream
    for line in stream:
        found: dict[str, Any] = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"it ended without {event}")


def test_the_ingest_service_counts_what_it_took_and_ends_on_sigterm(
    running: Any, on_servers: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_INGEST__PORT", str(ports.free_port()))
    process = running("produce", "http")
    page = logged(process.stderr, "started")["metrics"]
    url = logged(process.stderr, "ready")["url"]
    assert httpx.post(url, json=ROW).status_code == 202
    assert 'groundswell_texts_produced_total{producer="http"} 1.0' in httpx.get(page).text
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert len(texts_of(on_servers)) == 1


def test_feeds_are_polled_until_sigterm(running: Any, on_servers: Settings, tmp_path: Path) -> None:
    ensure_topics(on_servers)
    away = f"http://127.0.0.1:{ports.free_port()}/feed"
    (tmp_path / "feeds.yaml").write_text(f"feeds:\n- {{url: '{away}', source: wire, lateness: 900}}\n")
    process = running("produce", "feeds", str(tmp_path / "feeds.yaml"))
    assert process.stderr
    assert "feed wire may be 900 s late, the settings allow less" in process.stderr.readline()
    logged(process.stderr, "started")
    assert logged(process.stderr, "feed failed")["source"] == "wire"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_file_that_is_stopped_has_sent_what_it_had_read(running: Any, on_servers: Settings) -> None:
    ensure_topics(on_servers)
    process = running("produce", "file", "-")
    process.stdin.write(json.dumps(ROW) + "\n")
    process.stdin.flush()
    with Tail(on_servers, Topics(on_servers.kafka.topic_prefix).texts) as tail:
        while not tail.poll(1.0):
            assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 130
    assert "1 texts sent and acknowledged; stopped before the end of the file" in process.stderr.read()

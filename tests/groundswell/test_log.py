"""Logs: JSON where no one watches, and never a secret, whatever fails."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from groundswell import log, store
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, admin, consumer
from groundswell.local import LocalKafka, LocalValkey, ports
from groundswell.settings import IngestSettings, KafkaSettings, LogSettings, RedisSettings, Settings
from producers.http import check_host

SECRET = "open-sesame-7"

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str], quiet_logs: None) -> Iterator[Lines]:
    """The lines logged since the last look."""
    log.configure(LogSettings())
    yield lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_a_line_is_json_where_it_is_not_read_on_a_terminal(lines: Lines) -> None:
    log.get("test").info("batch done", records=3, title="利好")
    (line,) = lines()
    assert (line["event"], line["level"], line["records"], line["title"]) == ("batch done", "info", 3, "利好")
    assert str(line["timestamp"]).endswith("Z")


def test_lines_of_libraries_have_the_same_form(lines: Lines) -> None:
    logging.getLogger("some.library").warning("slow: %d ms", 7)
    (line,) = lines()
    assert (line["event"], line["level"]) == ("slow: 7 ms", "warning")


def test_an_exception_stays_on_its_line(lines: Lines) -> None:
    try:
        raise ValueError("torn")
    except ValueError:
        log.get("test").exception("failed")
    (line,) = lines()
    assert "ValueError: torn" in str(line["exception"])


def test_what_is_below_the_level_is_not_logged(lines: Lines) -> None:
    log.get("test").debug("secret detail")
    logging.getLogger("some.library").debug("more detail")
    assert lines() == []


def test_people_can_have_readable_lines(capfd: pytest.CaptureFixture[str], quiet_logs: None) -> None:
    log.configure(LogSettings(format="console"))
    log.get("test").info("batch done", records=3)
    said = capfd.readouterr().err
    assert "batch done" in said
    assert not said.startswith("{")


def test_the_client_is_quiet_in_a_command_that_ends(capfd: pytest.CaptureFixture[str], quiet_logs: None) -> None:
    log.configure(LogSettings(), service=False)
    logging.getLogger("kafka.conn").error("Connection failed")
    assert capfd.readouterr().err == ""


def told(failing: Callable[[], object]) -> str:
    """What the whole chain of errors says."""
    with pytest.raises(FatalError) as caught:
        failing()
    chain: list[BaseException] = [caught.value]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    return " ".join(f"{one!r} {one}" for one in chain)


def sasl(servers: str, mechanism: str = "PLAIN") -> Settings:
    return Settings.model_validate(
        {
            "kafka": KafkaSettings.model_validate(
                {
                    "bootstrap_servers": servers,
                    "security_protocol": "SASL_PLAINTEXT",
                    "sasl_mechanism": mechanism,
                    "username": "me",
                    "password": SECRET,
                    "connect_timeout": 0.5,
                }
            )
        }
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_login_that_fails_does_not_show_kafkas_password(
    lines: Lines, kafka: LocalKafka, mechanism: str, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = sasl(kafka.bootstrap_servers, mechanism)
    said = " ".join(told(lambda make=make: make()) for make in (lambda: admin(settings), lambda: Publisher(settings, "test")))
    logged = capfd.readouterr().err
    assert "as me by" in said
    assert SECRET not in said + logged


def test_a_broker_that_is_away_does_not_show_kafkas_password(lines: Lines, capfd: pytest.CaptureFixture[str]) -> None:
    said = told(lambda: consumer(sasl(f"127.0.0.1:{ports.free_port()}"), "group"))
    assert SECRET not in said + capfd.readouterr().err


def test_a_login_that_fails_does_not_show_redis_password(
    lines: Lines, valkey: LocalValkey, capfd: pytest.CaptureFixture[str]
) -> None:
    said = told(lambda: store.connect(RedisSettings(url=valkey.url, password=SecretStr(SECRET))))
    assert "redis.password" in said
    assert SECRET not in said + capfd.readouterr().err


def test_an_ingest_service_that_may_not_start_does_not_show_its_token(capfd: pytest.CaptureFixture[str]) -> None:
    said = told(lambda: check_host(IngestSettings(host="0.0.0.0")))  # noqa: S104 - that is what is refused
    assert "ingest.token is not set" in said
    assert SECRET not in repr(IngestSettings(token=SecretStr(SECRET)))

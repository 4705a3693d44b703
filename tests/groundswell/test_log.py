"""Logs: JSON where no one watches, and never a secret, whatever fails."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from groundswell import log, store
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, admin, consumer
from groundswell.local import LocalKafka, LocalValkey, ports
from groundswell.settings import IngestSettings, KafkaSettings, LogSettings, RedisSettings, Settings
from producers.http import check_host

SECRET = "open-sesame-7"

Logged = Callable[[Callable[[], object]], str]


@pytest.fixture
def logged(
    capfd: pytest.CaptureFixture[str],
    quiet_logs: None,  # noqa: ARG001 - it clears up behind the test
) -> Logged:
    """What goes to standard error while something is done."""

    def run(action: Callable[[], object]) -> str:
        log.configure(LogSettings())
        capfd.readouterr()
        action()
        return capfd.readouterr().err

    return run


def lines(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_line_is_json_where_it_is_not_read_on_a_terminal(logged: Logged) -> None:
    (line,) = lines(logged(lambda: log.get("test").info("batch done", records=3, title="利好")))
    assert (line["event"], line["level"], line["records"], line["title"]) == ("batch done", "info", 3, "利好")
    assert str(line["timestamp"]).endswith("Z")


def test_lines_of_libraries_have_the_same_form(logged: Logged) -> None:
    (line,) = lines(logged(lambda: logging.getLogger("some.library").warning("slow: %d ms", 7)))
    assert (line["event"], line["level"]) == ("slow: 7 ms", "warning")


def test_an_exception_stays_on_its_line(logged: Logged) -> None:
    def fail() -> None:
        try:
            json.loads("torn")
        except ValueError:
            log.get("test").exception("failed")

    (line,) = lines(logged(fail))
    assert "JSONDecodeError: Expecting value" in str(line["exception"])


def test_what_is_below_the_level_is_not_logged(logged: Logged) -> None:
    assert logged(lambda: log.get("test").debug("detail")) == ""
    assert logged(lambda: logging.getLogger("some.library").debug("detail")) == ""


@pytest.mark.usefixtures("quiet_logs")
def test_people_can_have_readable_lines(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(format="console"))
    log.get("test").info("batch done", records=3)
    said = capfd.readouterr().err
    assert "batch done" in said
    assert not said.startswith("{")


@pytest.mark.usefixtures("quiet_logs")
def test_the_client_is_quiet_in_a_command_that_ends(capfd: pytest.CaptureFixture[str]) -> None:
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
def test_a_login_that_fails_does_not_show_kafkas_password(logged: Logged, kafka: LocalKafka, mechanism: str) -> None:
    settings = sasl(kafka.bootstrap_servers, mechanism)
    said: list[str] = []
    seen = logged(lambda: said.append(told(lambda: admin(settings)) + told(lambda: Publisher(settings, "test"))))
    assert f"as me by {mechanism}" in said[0]
    assert SECRET not in said[0] + seen


def test_a_broker_that_is_away_does_not_show_kafkas_password(logged: Logged) -> None:
    settings = sasl(f"127.0.0.1:{ports.free_port()}")
    said: list[str] = []
    seen = logged(lambda: said.append(told(lambda: consumer(settings, "group"))))
    assert "ECONNREFUSED" in seen
    assert SECRET not in said[0] + seen


def test_a_login_that_fails_does_not_show_redis_password(logged: Logged, tmp_path: Path) -> None:
    said: list[str] = []
    with LocalValkey(tmp_path, password=SecretStr("another")) as server:
        settings = RedisSettings(url=server.url, password=SecretStr(SECRET))
        seen = logged(lambda: said.append(told(lambda: store.connect(settings))))
    assert "redis.password" in said[0]
    assert SECRET not in said[0] + seen


def test_a_token_does_not_show_where_the_ingest_service_may_not_start() -> None:
    open_to_all = IngestSettings(host="0.0.0.0")  # noqa: S104 - that is what is refused
    assert "ingest.token is not set" in told(lambda: check_host(open_to_all))
    assert SECRET not in repr(IngestSettings(token=SecretStr(SECRET)))

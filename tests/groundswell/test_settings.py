"""Settings: which of several values counts, what stops the start, and what is never shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from groundswell.errors import FatalError
from groundswell.settings import Settings, load

SECRET = "open sesame"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write the settings file of the current folder."""
    monkeypatch.chdir(tmp_path)

    def settings_file(content: str) -> Path:
        path = tmp_path / "groundswell.toml"
        path.write_text(content, "utf-8")
        return path

    return settings_file


Write = Callable[[str], Path]


def refusal(**flags: dict[str, object]) -> str:
    with pytest.raises(FatalError) as caught:
        load(None, **flags)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_flags_come_before_the_environment_before_the_file_before_defaults(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load().kafka.partitions == 6
    write("[kafka]\npartitions = 2\nreplication = 2\nretention_days = 2.0\n")
    assert load().kafka.partitions == 2
    monkeypatch.setenv("GROUNDSWELL_KAFKA__PARTITIONS", "3")
    monkeypatch.setenv("GROUNDSWELL_KAFKA__REPLICATION", "3")
    assert load().kafka.partitions == 3
    kafka = load(kafka={"partitions": 4}).kafka
    assert (kafka.partitions, kafka.replication, kafka.retention_days) == (4, 3, 2.0)


def test_another_file_can_be_named(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("[kafka]\npartitions = 2\n").rename(tmp_path / "other.toml")
    assert load().kafka.partitions == 6
    assert load(tmp_path / "other.toml").kafka.partitions == 2
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(tmp_path / "other.toml"))
    assert load().kafka.partitions == 2


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="no such file; name an existing settings file"):
        load(tmp_path / "missing.toml")


@pytest.mark.parametrize("content", ["[kafka]\npartition = 2\n", "[kafak]\npartitions = 2\n"])
def test_an_unknown_key_in_the_file_stops_the_start(write: Write, content: str) -> None:
    write(content)
    said = refusal()
    assert "setting kafka.partition: no such field" in said or "setting kafak: no such field" in said
    assert "groundswell.toml" in said


@pytest.mark.parametrize("name", ["GROUNDSWELL_KAFKA__PARTITION", "GROUNDSWELL_KAFAK__PARTITIONS", "GROUNDSWELL_WATCHLISTS"])
def test_an_unknown_variable_stops_the_start(write: Write, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write("")
    monkeypatch.setenv(name, "2")
    assert name in refusal()


def test_an_unknown_flag_stops_the_start(write: Write) -> None:
    write("")
    assert "setting kafka.partition: no such field" in refusal(kafka={"partition": 2})


@pytest.mark.parametrize(
    ("variable", "value", "place"),
    [
        ("GROUNDSWELL_KAFKA__PARTITIONS", "many", "kafka.partitions"),
        ("GROUNDSWELL_KAFKA__PARTITIONS", "0", "kafka.partitions"),
        ("GROUNDSWELL_LOOP__BATCH_RECORDS", "-1", "loop.batch_records"),
        ("GROUNDSWELL_METRICS__DIVERGER_PORT", "70000", "metrics.diverger_port"),
        ("GROUNDSWELL_LOG__LEVEL", "LOUD", "log.level"),
        ("GROUNDSWELL_REDIS__URL", "http://127.0.0.1", "redis.url"),
    ],
)
def test_a_bad_value_stops_the_start_by_name(
    write: Write, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, place: str
) -> None:
    write("")
    monkeypatch.setenv(variable, value)
    said = refusal()
    assert said.startswith(f"setting {place}: ")
    assert variable in said


def test_a_file_that_is_no_toml_stops_the_start(write: Write) -> None:
    write("[kafka\n")
    assert "groundswell.toml: not valid TOML" in refusal()


def test_a_variable_for_a_whole_section_that_is_no_json_is_not_blamed_on_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("")
    monkeypatch.setenv("GROUNDSWELL_KAFKA", f'{{"password": "{SECRET}"')
    said = refusal()
    assert said.startswith("environment: ")
    assert '"kafka"' in said
    assert SECRET not in said


def test_a_login_that_is_not_whole_stops_the_start(write: Write) -> None:
    write("")
    said = refusal(kafka={"security_protocol": "SASL_SSL", "username": "me", "password": SECRET})
    assert "needs kafka.sasl_mechanism, kafka.username and kafka.password" in said
    assert SECRET not in said


def test_a_mechanism_without_its_protocol_stops_the_start(write: Write) -> None:
    write("")
    assert "needs kafka.security_protocol" in refusal(kafka={"sasl_mechanism": "PLAIN"})


def test_a_password_in_an_address_is_refused_and_not_repeated(write: Write) -> None:
    write("")
    said = refusal(redis={"url": "redis://me:sesame@127.0.0.1:6379/0"})
    assert "use redis.username and redis.password" in said
    assert "sesame" not in said


def test_a_secret_of_the_wrong_type_is_not_repeated(write: Write) -> None:
    write(f'[kafka]\npassword = ["{SECRET}"]\n')
    said = refusal()
    assert "kafka.password" in said
    assert SECRET not in said


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    login = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "username": "me", "password": SecretStr(SECRET)}
    settings = load(kafka=login, redis={"password": SECRET}, ingest={"token": SECRET}, reading={"author_key": SECRET})
    assert settings.kafka.password == SecretStr(SECRET)
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().kafka.partitions = 9  # type: ignore[misc]

"""``config``, ``schema`` and ``doctor`` as their users see them."""

import json
import tomllib
from pathlib import Path

import pytest

from groundswell.kafka import ensure_topics
from groundswell.local import ports
from groundswell.messages import json_schema
from groundswell.settings import Settings, load
from model.folders import pack_folders
from tests.groundswell.conftest import Command

SECRET = "open sesame"

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")


def test_config_is_a_settings_file_that_gives_the_same_settings(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_KAFKA__PARTITIONS", "3")
    monkeypatch.setenv("GROUNDSWELL_EVENT_TIME__SOURCE_LATENESS", '{"新 \\"wire\\"": 900}')
    shown = command("--kafka", "broker:9092", "config").out
    before = load(kafka={"bootstrap_servers": "broker:9092"})
    for variable in ("GROUNDSWELL_KAFKA__PARTITIONS", "GROUNDSWELL_EVENT_TIME__SOURCE_LATENESS"):
        monkeypatch.delenv(variable)
    copy = tmp_path / "copy.toml"
    copy.write_text(shown.replace('author_key = "***"', ""), "utf-8")
    assert load(copy).model_dump() == before.model_dump()


def test_config_says_where_each_value_came_from(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "groundswell.toml").write_text('[redis]\nprefix = "mine"\ntimeout = 3.0\n')
    monkeypatch.setenv("GROUNDSWELL_REDIS__TIMEOUT", "4")
    lines = command("--redis", "redis://cache:1/0", "config").out.splitlines()
    redis = {line.split(" = ")[0]: line.split("# ")[-1] for line in lines[lines.index("[redis]") + 1 :] if line}
    assert redis["url"] == "flag"
    assert redis["timeout"] == "environment"
    assert redis["prefix"] == "groundswell.toml"
    assert redis["cluster"] == "default"


def test_config_hides_every_secret(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "groundswell.toml").write_text(f'[kafka]\npassword = "{SECRET}"\nkey_password = "{SECRET}"\n')
    for variable in ("REDIS__PASSWORD", "INGEST__TOKEN", "READING__AUTHOR_KEY"):
        monkeypatch.setenv(f"GROUNDSWELL_{variable}", SECRET)
    ran = command("config")
    assert SECRET not in ran.out + ran.err
    shown = tomllib.loads(ran.out)
    assert (shown["kafka"]["password"], shown["redis"]["password"], shown["ingest"]["token"]) == ("***", "***", "***")


@pytest.mark.parametrize("arguments", [("config",), ("doctor",), ("deadletters",), ("produce", "http"), ("classify",)])
def test_a_misspelt_setting_stops_every_command_in_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GROUNDSWELL_KAFKA__SERVERS", "x")
    ran = command(*arguments)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("groundswell: setting kafka.servers: no such field (looked in flags, GROUNDSWELL_KAFKA__SERVERS")
    assert len(ran.err.splitlines()) == 1


def test_brackets_in_an_error_are_shown_as_they_are(command: Command) -> None:
    assert "[/red].toml: no such file" in command("--config", "[/red].toml", "config").err


def test_a_schema_is_shown_as_json(command: Command) -> None:
    assert json.loads(command("schema", "hypothesis").out) == json_schema("hypothesis")


def test_all_schemas_are_shown_in_one_object(command: Command) -> None:
    assert set(json.loads(command("schema").out)) == {"text", "hypothesis", "alert", "deadletter", "watermark"}


def test_an_unknown_schema_is_refused(command: Command) -> None:
    assert command("schema", "tweet").status == 2


@trained
def test_the_doctor_is_content_with_a_stack_that_is_well(command: Command, on_servers: Settings) -> None:
    ensure_topics(on_servers)
    ran = command("doctor")
    assert ran.status == 0
    assert all(word in ran.out for word in ("pack zh", "pack en", "1 broker", "valkey"))
    assert "failed" not in ran.out


@trained
def test_the_doctor_says_what_to_mend_and_ends_with_status_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDSWELL_KAFKA__CONNECT_TIMEOUT", "0.5")
    monkeypatch.setenv("GROUNDSWELL_REDIS__TIMEOUT", "0.5")
    monkeypatch.setenv("GROUNDSWELL_READING__PACKS", '{"zh": "nowhere"}')
    kafka, redis = f"127.0.0.1:{ports.free_port()}", f"redis://127.0.0.1:{ports.free_port()}"
    ran = command("--kafka", kafka, "--redis", redis, "doctor")
    assert ran.status == 1
    assert ran.out.count("failed") == 3
    assert all(word in ran.out for word in ("kafka.bootstrap_servers", "redis.url", "a pack is a folder with a card.yaml"))
    assert ran.err == ""

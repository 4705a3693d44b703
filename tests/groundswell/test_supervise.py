"""Stages as child processes, and the settings that travel to them."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from groundswell.errors import FatalError
from groundswell.settings import EventTimeSettings, KafkaSettings, ReadingSettings, RedisSettings, Settings, load
from groundswell.supervise import RESTARTS, Supervisor, environment

Eventually = Callable[[Callable[[], bool]], bool]
LASTING = "import time; print('up', flush=True); time.sleep(600)"
DRAINING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), sys.exit(0)))
print("up", flush=True)
time.sleep(600)
"""
FAILING = 'import sys; print(\'{"event": "kafka.password is wrong"}\'); sys.exit(1)'


def supervisor(folder: Path, programme: str, said: list[str]) -> Supervisor:
    settings = Settings(data_dir=folder)
    return Supervisor(settings, ["reader"], said.append, command=lambda _: [sys.executable, "-c", programme])


def check_for_ever(run: Supervisor) -> None:
    while True:
        run.check()
        time.sleep(0.02)


def is_up(run: Supervisor) -> bool:
    return "up" in run.log("reader").read_text()


def test_a_child_reads_exactly_the_settings_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        kafka=KafkaSettings(
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            username="reader",
            password=SecretStr('sec"ret, $x'),
            partitions=3,
            create_topics=False,
        ),
        redis=RedisSettings(timeout=1.5),
        event_time=EventTimeSettings(idle_timeout=None, source_lateness={"wire": 5.0}),
        reading=ReadingSettings(packs={"zh": tmp_path}, author_key=SecretStr("123")),
        watchlist=tmp_path / "watchlist.yaml",
        cache_dir=tmp_path / "cache",
        data_dir=tmp_path / "data",
    )
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load().model_dump() == settings.model_dump()


def test_a_settings_file_beside_the_child_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "groundswell.toml").write_text("[kafka]\npartitions = 9\n")
    monkeypatch.chdir(tmp_path)
    for name, value in environment(Settings(kafka=KafkaSettings(partitions=6))).items():
        monkeypatch.setenv(name, value)
    assert load().kafka.partitions == 6


def test_only_what_differs_from_the_defaults_travels() -> None:
    names = set(environment(Settings(kafka=KafkaSettings(partitions=2))))
    assert names == {
        "GROUNDSWELL_CONFIG",
        "GROUNDSWELL_KAFKA__PARTITIONS",
        "GROUNDSWELL_CACHE_DIR",
        "GROUNDSWELL_DATA_DIR",
    }


def test_a_stage_that_is_killed_is_started_again_and_that_is_told(tmp_path: Path, eventually: Eventually) -> None:
    said: list[str] = []
    with supervisor(tmp_path, LASTING, said) as run:
        assert eventually(lambda: is_up(run))
        first = run.pids["reader"]
        os.kill(first, signal.SIGKILL)

        def back() -> bool:
            run.check()
            return run.pids.get("reader", first) != first

        assert eventually(back)
        assert said == ["reader ended (killed by SIGKILL): restart 1 of 3 in 0.5 s"]


def test_a_stage_that_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    said: list[str] = []
    with supervisor(tmp_path, FAILING, said) as run, pytest.raises(FatalError) as error:
        check_for_ever(run)
    assert len(said) == RESTARTS
    assert "reader ended again (exit status 1) after 3 restarts: kafka.password is wrong" in str(error.value)


def test_a_stage_drains_when_all_is_stopped(tmp_path: Path, eventually: Eventually) -> None:
    run = supervisor(tmp_path, DRAINING, [])
    with run:
        assert eventually(lambda: is_up(run))
    assert run.log("reader").read_text().splitlines() == ["up", "drained"]
    assert run.pids == {}


def test_a_folder_that_takes_no_logs_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(FatalError, match="no folder for logs can be made there"):
        supervisor(tmp_path, LASTING, []).start()


def test_a_stage_is_told_to_log_in_json(tmp_path: Path, eventually: Eventually) -> None:
    programme = "import os, time; print('up in', os.environ['GROUNDSWELL_LOG__FORMAT'], flush=True); time.sleep(600)"
    with supervisor(tmp_path, programme, []) as run:
        assert eventually(lambda: is_up(run))
        assert run.last_words("reader") == "up in json"

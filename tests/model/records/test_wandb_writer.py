"""Weights & Biases: what its package is told, and what the real one keeps where it is installed."""

import importlib.util
import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from model.records import record as records
from model.records.record import Record
from model.records.wandb_writer import WandbWriter

FOUND = importlib.util.find_spec("wandb")
INSTALLED = FOUND is not None and FOUND.origin is not None
KEY = "0123456789abcdef0123456789abcdef01234567"
PACKAGE = """
import json, pathlib
FILE = pathlib.Path(__file__).with_name("calls.jsonl")
def tell(**call):
    with FILE.open("a") as file:
        file.write(json.dumps(call) + "\\n")
def Settings(**values):
    return values
class Run:
    def log(self, values, step):
        tell(log=values, step=step)
    def finish(self, exit_code):
        tell(exit_code=exit_code)
def init(**values):
    tell(init=values)
    return Run()
"""
Calls = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "WRITERS", (WandbWriter,))
    for name in ("WANDB_MODE", "WANDB_DISABLED", "WANDB_API_KEY", "WANDB_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """A package called wandb that writes down how it is called; gives what it was told so far."""
    folder = tmp_path / "site"
    (folder / "wandb").mkdir(parents=True)
    (folder / "wandb" / "__init__.py").write_text(PACKAGE, "utf-8")
    real = sys.modules.pop("wandb", None)
    monkeypatch.syspath_prepend(folder)

    def read() -> list[dict[str, Any]]:
        path = folder / "wandb" / "calls.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []

    yield read
    sys.modules.pop("wandb", None)
    if real is not None:
        sys.modules["wandb"] = real


def _run(folder: Path) -> None:
    with Record(folder) as record:
        record.begin({"pack": "tiny", "version": "1.0", "recipe": {"seed": 7}})
        record.add(20, {"loss": 1.5})


def test_a_run_tells_its_settings_its_curves_and_its_end(calls: Calls, tmp_path: Path) -> None:
    _run(tmp_path)
    begun, curve, end = calls()
    assert (begun["init"]["project"], begun["init"]["name"]) == ("groundswell", "tiny 1.0")
    assert begun["init"]["config"]["recipe"] == {"seed": 7}
    assert curve == {"log": {"loss": 1.5}, "step": 20}
    assert end == {"exit_code": 0}


def test_a_resumed_run_is_the_same_run(calls: Calls, tmp_path: Path) -> None:
    _run(tmp_path)
    with Record(tmp_path) as record:
        record.resume(20)
    first, second = (call["init"] for call in calls() if "init" in call)
    assert first["id"] == second["id"]
    assert second["resume"] == "allow"


def test_nothing_of_the_machine_is_asked_for(calls: Calls, tmp_path: Path) -> None:
    _run(tmp_path)
    settings = calls()[0]["init"]["settings"]
    assert settings["console"] == "off"
    assert settings["disable_git"]
    assert settings["x_disable_meta"]


@pytest.mark.parametrize(
    ("environment", "mode"),
    [({}, "offline"), ({"WANDB_API_KEY": KEY}, "online"), ({"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "offline")],
    ids=["no key", "a key", "a key, and offline wanted"],
)
def test_a_run_is_sent_only_with_a_key_and_never_against_the_mode(
    environment: dict[str, str], mode: str, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _run(tmp_path)
    assert calls()[0]["init"]["mode"] == mode
    assert KEY not in json.dumps(calls())


@pytest.mark.parametrize(("name", "value"), [("WANDB_MODE", "disabled"), ("WANDB_DISABLED", "true")])
def test_a_user_who_switched_it_off_is_left_alone(
    name: str, value: str, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    _run(tmp_path)
    assert calls() == []


@pytest.mark.skipif(INSTALLED, reason="the package wandb is installed")
def test_a_folder_of_runs_called_wandb_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wandb").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.util.find_spec("wandb") is not None
    assert not WandbWriter.wanted()


@pytest.mark.skipif(not INSTALLED, reason="the package wandb is not installed")
def test_the_real_package_keeps_a_run_offline_without_a_word_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    with structlog.testing.capture_logs() as logged:
        _run(tmp_path)
    assert logged == []
    (kept,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    assert eventually(lambda: b"loss" in kept.read_bytes())
    content = kept.read_bytes()
    assert KEY.encode() not in content
    assert str(Path.cwd()).encode() not in content
    assert socket.gethostname().encode() not in content

"""The record of a run: its lines, a resumed one's, and writers that fail."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
import structlog

from model.records import record as records
from model.records.abstract import Settings, Writer
from model.records.record import Record


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(autouse=True)
def _lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed here, these runs have no writer but those of the test."""
    monkeypatch.setattr(records, "WRITERS", ())


def test_a_run_is_written_down_under_an_id_of_its_own(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        with Record(tmp_path) as record:
            record.begin({"pack": "p"})
        ids.append(_lines(tmp_path)[0]["run"])
    assert ids[0] != ids[1]
    assert len(_lines(tmp_path)) == 1


def test_a_resumed_run_has_each_step_once(resumed: Path) -> None:
    first, *rest = _lines(resumed)
    assert first["pack"] == "p"
    assert [(line["step"], line["loss"]) for line in rest] == [(20, 1.0), (40, 1.0), (60, 2.0)]


def test_a_line_that_was_cut_off_is_left_out_when_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "training.jsonl").write_text('{"pack": "p"}\n{"step": 20, "loss": 1.0}\n{"step": 4', "utf-8")
    with Record(tmp_path) as record:
        record.resume(200)
        record.add(220, {"loss": 0.5})
    assert [line.get("step") for line in _lines(tmp_path)] == [None, 20, 220]


def test_a_run_goes_on_whose_record_was_deleted(tmp_path: Path) -> None:
    with Record(tmp_path) as record:
        record.resume(40)
        record.add(60, {"loss": 0.5})
    assert _lines(tmp_path) == [{"step": 60, "loss": 0.5}]


class Broken(Writer):
    """A writer that a full disk or a lost connection stops, after ``lives`` calls."""

    name: ClassVar[str] = "broken"
    lives: ClassVar[int] = 0
    calls: ClassVar[int] = 0

    @classmethod
    def wanted(cls) -> bool:
        return True

    @classmethod
    def _live(cls) -> None:
        cls.calls += 1
        if cls.calls > cls.lives:
            raise OSError("no space left\nfor key topsecret")

    @classmethod
    def open(cls, folder: Path, settings: Settings, step: int) -> Self:  # noqa: ARG003
        cls._live()
        return cls()

    def add(self, step: int, values: Mapping[str, float]) -> None:  # noqa: ARG002
        self._live()

    def close(self, *, finished: bool) -> None:  # noqa: ARG002
        self._live()


@pytest.mark.parametrize("lives", range(4))
def test_a_writer_that_fails_is_told_of_once_and_stops_nothing(
    lives: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "WRITERS", (type("One", (Broken,), {"lives": lives}),))
    monkeypatch.setenv("WANDB_API_KEY", "topsecret")
    with structlog.testing.capture_logs() as logged, Record(tmp_path) as record:
        record.begin({"pack": "p"})
        record.add(20, {"loss": 1.0})
        record.add(40, {"loss": 0.5})
    assert [line.get("step") for line in _lines(tmp_path)] == [None, 20, 40]
    assert [(line["where"], line["reason"]) for line in logged] == [("broken", "OSError: no space left for key ***")]


def test_a_run_that_is_broken_off_closes_its_writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[bool] = []

    class Kept(Broken):
        lives: ClassVar[int] = 9

        def close(self, *, finished: bool) -> None:
            ends.append(finished)

    monkeypatch.setattr(records, "WRITERS", (Kept,))
    with contextlib.suppress(KeyboardInterrupt), Record(tmp_path) as record:
        record.begin({"pack": "p"})
        raise KeyboardInterrupt
    assert ends == [False]

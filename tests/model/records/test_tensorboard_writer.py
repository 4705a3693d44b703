"""TensorBoard: the event files are read back by TensorBoard itself."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from model.records import record as records
from model.records.record import Record
from model.records.tensorboard_writer import TensorBoardWriter
from model.train import train

Curve = list[tuple[int, float]]


@pytest.fixture(autouse=True)
def _tensorboard_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package a test is skipped, but under CI=true, where the dev group is installed, it fails."""
    if not TensorBoardWriter.wanted():
        reason = "the package tensorboard is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI=true wants every check")
        pytest.skip(reason)
    monkeypatch.setattr(records, "WRITERS", (TensorBoardWriter,))


def _board(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415 not always there

    board = EventAccumulator(str(folder / "events"))
    board.Reload()
    return board


def _curve(folder: Path, name: str) -> Curve:
    return [(event.step, event.value) for event in _board(folder).Scalars(name)]


def test_a_training_draws_its_curves_and_shows_its_settings(card: dict[str, Any], learnable: Path, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(card, allow_unicode=True), "utf-8")
    train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()))
    steps = [step for step, _ in _curve(tmp_path, "loss")]
    assert steps == list(range(20, 20 * len(steps) + 1, 20))
    assert len(_curve(tmp_path, "held_out/stance")) == 2
    shown = _board(tmp_path).Tensors("run/text_summary")[0].tensor_proto.string_val[0].decode()
    assert '"posts": "' in shown
    assert '"seed": 7' in shown


def test_a_resumed_run_has_each_step_once_in_its_curve(resumed: Path) -> None:
    assert _curve(resumed, "loss") == [(20, 1.0), (40, 1.0), (60, 2.0)]


def test_the_curves_of_an_earlier_run_make_way(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        with Record(tmp_path) as record:
            record.begin({"pack": "p"})
            record.add(20, {"loss": value})
    assert _curve(tmp_path, "loss") == [(20, 2.0)]


def test_a_file_in_the_way_of_the_events_stops_no_training(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("in the way", "utf-8")
    with Record(tmp_path) as record:
        record.begin({"pack": "p"})
        record.add(20, {"loss": 1.0})
    assert '"loss": 1.0' in (tmp_path / "training.jsonl").read_text("utf-8")

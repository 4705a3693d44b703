"""The picture of a sweep: a PNG, whatever is missing in the figures, or one line."""

from pathlib import Path

import pytest

from consumers.backtest.judging import judge
from consumers.backtest.picture import draw
from consumers.backtest.sweep import Point
from consumers.backtest.truth import Truth
from groundswell.errors import FatalError
from tests.alerts import NOON, alert_of

EVENTS = [
    {"entity": "acme", "alert": kind, "start": NOON, "end": "2026-03-02T13:00Z"} for kind in ("silence", "negative_surge")
]
TRUTH = Truth.model_validate({"surges": EVENTS})
POINTS = [
    Point(0.1, chosen=False, judgements=judge([], TRUTH, 10)),
    Point(1.0, chosen=True, judgements=judge([alert_of()], TRUTH, 10)),
    Point(10.0, chosen=False, judgements=judge([alert_of(), alert_of(subject={"entity": "x"})], TRUTH, 10)),
]


def test_a_png_is_drawn_with_a_column_for_each_kind(tmp_path: Path) -> None:
    draw(POINTS, "converger.budget", tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    draw([Point(one.value, one.chosen, one.judgements[:1]) for one in POINTS], "converger.budget", tmp_path / "b.png")
    assert whole.startswith(b"\x89PNG")
    assert width(whole) > width((tmp_path / "b.png").read_bytes())


def width(png: bytes) -> int:
    return int.from_bytes(png[16:20], "big")


@pytest.mark.parametrize("name", ["missing/a.png", "a.jpgg"])
def test_a_path_that_cannot_be_drawn_to_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(FatalError, match="the picture cannot be written"):
        draw(POINTS, "converger.budget", tmp_path / name)

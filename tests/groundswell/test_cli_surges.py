"""``surges`` as its users see it; what it finds is tested with the detector."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.groundswell.conftest import Command

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of this content; its name."""

    def written(content: str) -> str:
        (tmp_path / "series.csv").write_text(content, "utf-8")
        return "series.csv"

    return written


@pytest.fixture
def week(write: Write) -> str:
    """A file of ten days of five-minute counts, with a surge from row 2,000 on."""
    times = (BEGIN + timedelta(minutes=5 * row) for row in range(2_880))
    counts = (60 if 2_000 <= row < 2_010 else row % 3 for row in range(2_880))
    return write(
        "timestamp,value\n" + "".join(f"{time:%Y-%m-%d %H:%M:%S},{n}\n" for time, n in zip(times, counts, strict=True))
    )


def scores(path: Path) -> list[tuple[str, float]]:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["timestamp", "anomaly_score"]
    return [(time, float(score)) for time, score in rows[1:]]


def test_every_row_gets_a_score_and_the_surge_the_highest(command: Command, week: str, tmp_path: Path) -> None:
    ran = command("surges", week, "--out", "scores.csv")
    assert ran.status == 0
    assert "rows scored: 2,880; detections, of a score of 0.905 or more: 1; written: scores.csv" in ran.err
    found = scores(tmp_path / "scores.csv")
    assert len(found) == 2_880
    assert found[0][0] == "2026-03-02 00:00:00"
    assert all(0 <= score <= 1 for _, score in found)
    assert max(found, key=lambda row: row[1])[0] == "2026-03-08 22:40:00"


def test_a_part_of_the_file_gets_the_same_scores(command: Command, week: str, tmp_path: Path) -> None:
    command("surges", week, "--out", "whole.csv")
    lines = (tmp_path / week).read_text().splitlines(keepends=True)
    (tmp_path / "part.csv").write_text("".join(lines[:2_003]))
    command("surges", "part.csv", "--out", "part_scores.csv")
    assert scores(tmp_path / "part_scores.csv") == scores(tmp_path / "whole.csv")[:2_002]


def test_the_series_is_drawn(command: Command, week: str, tmp_path: Path) -> None:
    assert "drawn: surges.png" in command("surges", week, "--out", "scores.csv", "--plot", "surges.png").err
    assert (tmp_path / "surges.png").read_bytes().startswith(b"\x89PNG")


def test_a_greater_budget_counts_more_detections(command: Command, week: str) -> None:
    said = command("surges", week, "--out", "scores.csv", "--budget", "2").err
    assert "of a score of 0.135 or more" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("timestamp,value\n", "holds no rows"),
        ("timestamp,count\n2026-03-02 00:00,1\n", "line 1: no column 'value'"),
        ("timestamp,value\n2026-03-02 00:00,1\nyesterday,2\n", "line 3: 'yesterday' is no time"),
        ("timestamp,value\n2026-03-02 00:00,1\n2026-03-02 00:05,many\n", "line 3: 'many' is no count"),
        ("timestamp,value\n2026-03-02 00:00,-1\n", "line 2: '-1' is no count"),
        ("timestamp,value\n2026-03-02 00:00,nan\n", "line 2: 'nan' is no count"),
        ("timestamp,value\n2026-03-02 00:00,1\n2026-03-02 00:00,1\n", "line 3: 2026-03-02 00:00 is not after"),
        ("timestamp,value\n2026-03-02 00:05\n", "line 2: 1 of 2 columns"),
        ('timestamp,value\n"2026-03-02 00:05,1\n', "unexpected end of data"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(command: Command, write: Write, content: str, told: str) -> None:
    ran = command("surges", write(content), "--out", "scores.csv")
    assert ran.status == 1
    assert told in ran.err
    assert ran.err.startswith("groundswell: series.csv: ")
    assert ran.err.count("\n") == 1


def test_a_file_that_is_not_there_is_said_in_one_line(command: Command) -> None:
    ran = command("surges", "nothing.csv", "--out", "scores.csv")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "nothing.csv: No such file" in ran.err


def test_scores_and_picture_go_where_files_can_be_written(command: Command, week: str) -> None:
    assert "--out none/scores.csv: No such file" in command("surges", week, "--out", "none/scores.csv").err
    assert "--plot none/a.png: No such file" in command("surges", week, "--out", "scores.csv", "--plot", "none/a.png").err


def test_the_series_is_not_overwritten(command: Command, week: str, tmp_path: Path) -> None:
    before = (tmp_path / week).read_text()
    assert "name another file" in command("surges", week, "--out", week).err
    assert (tmp_path / week).read_text() == before


def test_more_columns_and_times_with_zones_are_read(command: Command, write: Write, tmp_path: Path) -> None:
    ran = command(
        "surges", write("value,place,timestamp\n1,a,2026-03-02T08:00:00+08:00\n2,b,1772409900\n"), "--out", "scores.csv"
    )
    assert ran.status == 0
    assert [time for time, _ in scores(tmp_path / "scores.csv")] == ["2026-03-02T08:00:00+08:00", "1772409900"]

"""The label file: nothing that was given is lost."""

from pathlib import Path

import pytest

from groundswell.errors import FatalError
from model.label_file import LabelFile, replace_alert
from model.own import OwnRow

FIRST, SECOND = OwnRow(text="第一", stance="negative", topics=("fraud",)), OwnRow(text="second", skipped=True)


def test_rows_are_on_the_disk_as_soon_as_they_are_given(tmp_path: Path) -> None:
    file = LabelFile(tmp_path / "new" / "a.jsonl")
    file.append(FIRST)
    file.append(SECOND)
    assert LabelFile(tmp_path / "new" / "a.jsonl").rows == [FIRST, SECOND] == file.rows


def test_undoing_takes_back_what_was_given_now_and_no_more(tmp_path: Path) -> None:
    LabelFile(tmp_path / "a.jsonl").append(FIRST)
    file = LabelFile(tmp_path / "a.jsonl")
    file.append(SECOND)
    assert (file.undo(), file.undo()) == (True, False)
    assert LabelFile(tmp_path / "a.jsonl").rows == [FIRST] == file.rows


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(FIRST.line() + SECOND.line()[:9], "utf-8")
    file = LabelFile(path)
    file.append(SECOND)
    assert LabelFile(path).rows == [FIRST, SECOND]


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(FIRST.line().rstrip("\n"), "utf-8")
    LabelFile(path).append(SECOND)
    assert LabelFile(path).rows == [FIRST, SECOND]


def test_a_bad_line_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("oops\n" + FIRST.line(), "utf-8")
    with pytest.raises(FatalError, match=r"a\.jsonl line 1"):
        LabelFile(path)


def test_a_new_verdict_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    LabelFile(path).append(FIRST)
    old, new = OwnRow(text="x", alert="1", verdict="wrong"), OwnRow(text="x", alert="1", verdict="right", stance="negative")
    replace_alert(path, "1", [old])
    replace_alert(path, "1", [new])
    assert LabelFile(path).rows == [FIRST, new]
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]

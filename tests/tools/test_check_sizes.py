from pathlib import Path

import pytest

from tools.check_sizes import check


@pytest.fixture
def room(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    return folder


def test_a_file_over_500_lines_is_refused_by_its_name(room: Path) -> None:
    (room / "long.py").write_text("a = 1\n" * 501)
    wrong, _ = check(room.parent)
    assert len(wrong) == 1
    assert "model/long.py: 501 lines" in wrong[0]


def test_a_file_of_500_lines_passes_with_a_note(room: Path) -> None:
    (room / "edge.lua").write_text("-- line\n" * 500)
    assert check(room.parent) == ([], ["model/edge.lua: 500 lines, over 300"])


def test_a_function_over_40_lines_is_told_with_its_place(room: Path) -> None:
    (room / "f.py").write_text("\ndef f() -> None:\n" + "    print()\n" * 40)
    assert check(room.parent) == ([], ["model/f.py:2: f has 41 lines, over 40"])


def test_small_files_and_what_is_no_source_are_passed_over(room: Path) -> None:
    (room / "small.py").write_text("def f() -> None:\n    print()\n")
    (room / "data.yaml").write_text("- a\n" * 900)
    assert check(room.parent) == ([], [])

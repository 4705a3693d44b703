"""Pictures: PNG files of the right kind, and a confusion matrix that can be counted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.card import Group
from model.judge import pictures
from model.judge.answers import Answers, Judged
from model.judge.pictures import confusion, draw

PNG = b"\x89PNG"


def test_each_head_has_a_diagram_and_a_matrix(make_judged: Callable[..., Judged], tmp_path: Path) -> None:
    written = draw(make_judged([0, 1, 2], [0, 1, 1]), (), tmp_path / "new")
    assert [path.name for path in written] == ["posts_stance_reliability.png", "posts_stance_confusion.png"]
    assert all(path.read_bytes().startswith(PNG) for path in written)


def test_the_matrix_counts_texts_by_right_and_given_label(make_answers: Callable[..., Answers]) -> None:
    table = confusion(make_answers([0, 0, 1, 2], [0, 1, 1, 0]))
    assert table[:3, :3].tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert table.sum() == 4


def test_labels_too_many_and_too_few_have_a_place() -> None:
    right = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)
    given = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1]])
    answers = Answers("topic", ("x", "y", "z"), False, np.arange(3), right, given * 0.9)
    assert confusion(answers).tolist() == [[2, 0.5, 0.5, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]]


def test_chinese_labels_without_a_font_are_drawn_as_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pictures, "CHINESE_FONTS", ())
    group = Group(name="news", kind="softmax", labels=("公司", "大盘"), topics={"公司": ("company",)})
    answers = Answers("topic", group.labels, True, np.arange(2), np.eye(2, dtype=bool), np.eye(2))
    none = np.array([], dtype=int)
    judged = Judged("news", 2, (answers,), none, none.astype(bool), none, np.zeros(2, dtype=bool))
    # A glyph that is missing would be a warning, and a warning fails a test.
    assert len(draw(judged, (group,), tmp_path)) == 2
    assert pictures._in_latin(group.labels, {"公司": ("company",)}) == ["1 company", "2 no topic"]

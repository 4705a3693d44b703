"""The dialogue of ``label``: answers are written as they are given, and taken back on demand."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundswell.cli.asking import Terminal, ask, topics_of
from groundswell.errors import FatalError
from model.choose import Proposal
from model.label_file import LabelFile
from model.pack import Prediction

READ = Prediction((0.2, 0.3, 0.5), {"fraud": 0.8}, ("fraud",), {}, (), truncated=False)
PROPOSALS = [Proposal(text, READ, 0.5, 0.5, urgent=False) for text in ("first", "second", "third")]


class Scripted:
    """A person who says what they were told to."""

    def __init__(self, *said: str) -> None:
        self._said: Iterator[str] = iter(said)

    def key(self) -> str:
        """The next answer."""
        return next(self._said, "")

    def line(self, asked: str) -> str:  # noqa: ARG002 - the signature of a person
        """The next answer."""
        return next(self._said, "")


def answered(path: Path, *said: str) -> tuple[int, list[dict[str, object]]]:
    given = ask(PROPOSALS, LabelFile(path), Scripted(*said))
    return given, [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def test_a_key_and_a_line_make_a_label(tmp_path: Path) -> None:
    given, rows = answered(tmp_path / "a.jsonl", "n", "earnings, 1", "o", "", "p", "-")
    assert given == 3
    assert rows == [
        {"text": "first", "stance": "negative", "topics": ["earnings", "fraud"]},
        {"text": "second", "stance": "neutral", "topics": ["fraud"]},
        {"text": "third", "stance": "positive"},
    ]


def test_a_text_that_is_skipped_is_kept_from_being_asked_again(tmp_path: Path) -> None:
    assert answered(tmp_path / "a.jsonl", "s", "q") == (0, [{"text": "first", "skipped": True}])


def test_undoing_asks_the_text_before_once_more(tmp_path: Path) -> None:
    given, rows = answered(tmp_path / "a.jsonl", "n", "", "s", "u", "u", "p", "-", "q")
    assert (given, rows) == (1, [{"text": "first", "stance": "positive"}])


def test_undoing_at_the_start_does_nothing(tmp_path: Path) -> None:
    assert answered(tmp_path / "a.jsonl", "u", "q") == (0, [])


def test_other_keys_are_asked_again(tmp_path: Path) -> None:
    assert answered(tmp_path / "a.jsonl", "x", "?", "n", "-", "q")[0] == 1


def test_a_topic_that_is_none_is_asked_again(tmp_path: Path) -> None:
    assert answered(tmp_path / "a.jsonl", "n", "weather", "macro", "q")[1][0]["topics"] == ["macro"]


def test_topics_that_are_none_are_told() -> None:
    with pytest.raises(FatalError, match="99: no topic; give numbers from 1 to 28 or ids"):
        topics_of("99", ())


def test_a_pipe_gives_one_answer_a_line(tmp_path: Path) -> None:
    file = LabelFile(tmp_path / "a.jsonl")
    assert ask(PROPOSALS, file, Terminal(io.StringIO("n\nfraud\np\n\n"))) == 2
    assert [(row.stance, row.topics) for row in file.rows] == [("negative", ("fraud",)), ("positive", ("fraud",))]


def test_an_answer_that_breaks_off_is_none(tmp_path: Path) -> None:
    file = LabelFile(tmp_path / "a.jsonl")
    assert (ask(PROPOSALS, file, Terminal(io.StringIO("n\n"))), file.rows) == (0, [])

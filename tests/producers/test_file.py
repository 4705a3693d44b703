"""`produce file` from a path to the topic, with its report of what was no text."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from groundswell.clock import ManualClock
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, Record, Topics
from groundswell.messages import Watermark
from groundswell.settings import EventTimeSettings
from producers.file import Outcome, Sending, produce_file
from producers.formats import Format, Reading

NOW = datetime(2026, 3, 10, tzinfo=UTC)
GOOD = [f'{{"text": "t{n}", "published_at": "2026-03-09T10:{n:02}:00Z", "source": "s"}}' for n in range(30)]
Look = Callable[[], list[Record]]
Produce = Callable[[Sending], tuple[Outcome, str]]


@pytest.fixture
def produce(publisher: Publisher, topics: Topics) -> Produce:
    def run(sending: Sending) -> tuple[Outcome, str]:
        lines = io.StringIO()
        console = Console(file=lines, force_terminal=False)
        clock = ManualClock(NOW)
        outcome = produce_file(sending, publisher, topics, EventTimeSettings(), clock=clock, console=console)
        return outcome, lines.getvalue()

    return run


def written(folder: Path, *lines: str) -> Path:
    path = folder / "posts.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_a_clean_file_is_sent_without_a_word(tmp_path: Path, produce: Produce, texts_topic: Look) -> None:
    outcome, said = produce(Sending(written(tmp_path, *GOOD), Reading(Format.JSONL)))
    assert (outcome.sent.texts, outcome.rejected, outcome.rejected_file, said) == (30, 0, None, "")
    assert len(texts_topic()) == 30


def test_sending_a_file_twice_gives_the_same_ids(tmp_path: Path, produce: Produce, texts_topic: Look) -> None:
    path = written(tmp_path, *GOOD)
    produce(Sending(path, Reading(Format.JSONL)))
    produce(Sending(path, Reading(Format.JSONL)))
    assert len({record.key for record in texts_topic()}) == 30


def test_bad_lines_are_told_counted_and_kept_with_their_reasons(tmp_path: Path, produce: Produce) -> None:
    path = written(tmp_path, GOOD[0], '{"text": "x", "source": "s"}', "oops \ud7ff", GOOD[1])
    outcome, said = produce(Sending(path, Reading(Format.JSONL)))
    assert (outcome.sent.texts, outcome.rejected) == (2, 2)
    assert said.splitlines()[0] == "line 2: published_at: missing: give when the text was published"
    kept = [json.loads(line) for line in Path(f"{path}.rejected.jsonl").read_text().splitlines()]
    assert [(row["line"], row["field"], row["raw"]) for row in kept] == [
        (2, "published_at", '{"text": "x", "source": "s"}'),
        (3, None, "oops \ud7ff"),
    ]


def test_many_bad_lines_are_not_told_one_by_one(tmp_path: Path, produce: Produce) -> None:
    outcome, said = produce(Sending(written(tmp_path, *["oops"] * 100), Reading(Format.JSONL)))
    assert outcome.rejected == 100
    assert len(said.splitlines()) == 6


def test_strict_stops_at_the_first_bad_line_after_sending_those_before(
    tmp_path: Path, produce: Produce, texts_topic: Look
) -> None:
    path = written(tmp_path, GOOD[0], "oops", GOOD[1])
    with pytest.raises(FatalError, match=r"posts.jsonl: line 2: not JSON.*1 texts before it are sent"):
        produce(Sending(path, Reading(Format.JSONL), strict=True))
    assert len(texts_topic()) == 1


def test_a_punctuated_file_ends_with_the_final_watermark(tmp_path: Path, produce: Produce, texts_topic: Look) -> None:
    final = datetime(2026, 3, 18, tzinfo=UTC)
    path = written(tmp_path, *GOOD)
    outcome, _ = produce(Sending(path, Reading(Format.JSONL), punctuated=True, final=final))
    marks = [Watermark.from_wire(record.value).time for record in texts_topic() if record.schema == "watermark/1"]
    assert outcome.sent.punctuations == 4
    assert marks.count(final) == 2


def test_a_file_that_is_missing_is_named(produce: Produce) -> None:
    with pytest.raises(FatalError, match=r"absent\.jsonl: No such file"):
        produce(Sending(Path("absent.jsonl"), Reading(Format.JSONL)))

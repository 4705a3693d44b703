"""Texts read into the file of hypotheses: once each, also when the reading is interrupted."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.backtest import kept
from consumers.backtest.gathering import BATCH, gather
from groundswell.errors import FatalError
from groundswell.messages import Text
from model.entities import Entity, Watchlist
from model.pack import Prediction
from model.reader import Reader

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FROM = {"texts": "abc"}
MANY = 2 * BATCH + 10


class Canned:
    """A predictor to which every text is negative and about earnings; it counts what it reads."""

    name, version = "canned", "1"

    def __init__(self) -> None:
        self.read = 0

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.read += len(texts)
        return [Prediction((0.8, 0.15, 0.05), {"earnings": 0.9}, ("earnings",), {}, ("fell",), truncated=False) for _ in texts]


class StoppedError(Exception):
    """The user's Ctrl-C."""


def texts(stop_after: int | None = None) -> Iterator[Text]:
    for number in range(MANY):
        if number == stop_after:
            raise StoppedError
        at = NOON + timedelta(seconds=number)
        yield Text(text=f"Apple fell for the {number}th time", source="wire", published_at=at, ingested_at=at)


def gathered(path: Path, stop_after: int | None = None, follows_from: dict[str, str] = FROM) -> tuple[int, list[int]]:
    """Gather into ``path``; how many texts the model read, and the progress that was told."""
    canned, told = Canned(), list[int]()
    watchlist = Watchlist([Entity(id="apple", name="Apple")])
    reader = Reader({"en": canned}, lambda: watchlist, b"key")
    with suppress(StoppedError):
        gather(path, follows_from, texts(stop_after), lambda: reader, told.append)
    return canned.read, told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.hypotheses.jsonl.gz"


def test_every_text_is_kept_in_order_with_its_readings(path: Path) -> None:
    _, told = gathered(path)
    kept.check(path, FROM)
    found = list(kept.read(path))
    assert [one.id for one in found] == [one.id for one in texts()]
    assert {hypothesis.subject.entity for one in found for hypothesis in one.hypotheses} == {"apple", None}
    assert found[0].words == ("fell",)
    assert told == [0, BATCH, 2 * BATCH, MANY]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_interrupted_reading_goes_on_where_it_stopped(path: Path, tmp_path: Path) -> None:
    gathered(path, stop_after=BATCH + 5)
    assert not path.exists()
    read, told = gathered(path)
    assert (read, told[0]) == (MANY - BATCH, BATCH)
    gathered(tmp_path / "whole.gz")
    assert list(kept.read(path)) == list(kept.read(tmp_path / "whole.gz"))


def test_half_a_line_is_read_again(path: Path) -> None:
    gathered(path, stop_after=BATCH + 5)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(part.read_bytes()[:-30])
    assert gathered(path)[0] == MANY - BATCH + 1
    assert len(list(kept.read(path))) == MANY


def test_what_was_gathered_of_something_else_is_thrown_away(path: Path) -> None:
    gathered(path, stop_after=BATCH + 5, follows_from={"texts": "other"})
    assert gathered(path)[0] == MANY
    kept.check(path, FROM)


def test_two_backtests_do_not_write_one_file(path: Path) -> None:
    refused = []

    def meanwhile() -> Iterator[Text]:
        with pytest.raises(FatalError, match="another backtest is writing it") as caught:
            gathered(path)
        refused.append(caught.value)
        yield from texts()

    gather(path, FROM, meanwhile(), lambda: Reader({"en": Canned()}, Watchlist, b"key"), lambda _done: None)
    assert refused
    kept.check(path, FROM)


def test_a_folder_that_takes_no_file_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="name a file elsewhere with --hypotheses"):
        gathered(tmp_path / "missing" / "a.gz")

"""`groundswell produce file`: a file of texts, or standard input, into Kafka, at full speed or at its own pace.

Rows that are no texts are skipped, counted, and written with their reasons to a file beside the source. Sending the
same file again sends the same texts, because their ids follow from their content.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TextIO

from rich.console import Console

from groundswell.clock import Clock
from groundswell.errors import FatalError
from groundswell.kafka import Publisher, Topics
from groundswell.messages import Text
from groundswell.metrics import PRODUCED, REFUSED
from groundswell.punctuation import Punctuation, punctuate
from groundswell.settings import EventTimeSettings
from producers.formats import Position, Reading, Rejected, read
from producers.pace import Item, paced
from producers.progress import bar
from producers.send import PATIENCE, Sent, send_texts

SHOWN = 5
"""Rejected rows that are told one by one; the rest is in the file."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How a file is sent.

    ``path``: none is standard input. ``speed``: 0 is as fast as it goes. ``strict``: stop at the first row that is no
    text. ``rejected``: where such rows go; by default beside the source. ``punctuated``: with watermarks, the last at
    ``final``. ``patience``: how long Kafka may be away.
    """

    path: Path | None
    reading: Reading
    speed: float = 0.0
    strict: bool = False
    rejected: Path | None = None
    punctuated: bool = False
    final: datetime | None = None
    patience: timedelta = PATIENCE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file; ``rejected_file`` is none where every row was a text."""

    sent: Sent
    rejected: int
    rejected_file: Path | None


def produce_file(
    sending: Sending,
    publisher: Publisher,
    topics: Topics,
    settings: EventTimeSettings,
    *,
    clock: Clock,
    console: Console | None = None,
) -> Outcome:
    """Send a file and return when all is acknowledged.

    Lines for people go to ``console`` (standard error by default). Raises FatalError where the file cannot be read or
    meant, at the first bad row under ``strict`` (the rows before it are sent), and when Kafka stays away.
    """
    shown = console or Console(stderr=True)

    def say(line: str) -> None:
        shown.print(line, markup=False, highlight=False, soft_wrap=True)

    with ExitStack() as stack:
        stream, size = stack.enter_context(_opened(sending.path))
        position = Position()
        rejects = stack.enter_context(_rejects(sending, say))
        report = stack.enter_context(bar(_name(sending.path), size, shown))
        texts = rejects.without(read(stream, sending.reading, clock, position))
        told = 0

        def acknowledged(count: int) -> None:
            nonlocal told
            PRODUCED.labels("file").inc(count - told)
            told = count
            report(position.bytes, count)

        sent = send_texts(
            _items(texts, sending, settings, clock),
            publisher,
            topics,
            clock,
            patience=sending.patience,
            say=say,
            acknowledged=acknowledged,
        )
    if sending.strict and rejects.first:
        raise FatalError(f"{_name(sending.path)}: {rejects.first}; the {sent.texts:,} texts before it are sent")
    return Outcome(sent, rejects.count, rejects.path if rejects.count else None)


def _items(texts: Iterable[Text], sending: Sending, settings: EventTimeSettings, clock: Clock) -> Iterable[Item]:
    items: Iterable[Text | Punctuation] = texts
    if sending.punctuated:
        items = punctuate(texts, settings, final=sending.final)
    return paced(items, sending.speed, settings, clock) if sending.speed > 0 else items


def _name(path: Path | None) -> str:
    return "standard input" if path is None else str(path)


@contextmanager
def _opened(path: Path | None) -> Iterator[tuple[BinaryIO, int | None]]:
    if path is None:
        yield sys.stdin.buffer, None
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FatalError(f"{path}: {error.strerror}; name a file of texts, or - for standard input") from None
    with stream:
        regular = path.is_file()
        yield stream, path.stat().st_size if regular else None


@dataclass
class _Rejects:
    """Keeps what is no text apart: told, counted, and written out from the first on."""

    path: Path
    strict: bool
    say: Callable[[str], None]
    count: int = 0
    first: Rejected | None = None
    file: TextIO | None = field(default=None, repr=False)

    def without(self, rows: Iterable[Text | Rejected]) -> Iterator[Text]:
        """The texts among ``rows``; under ``strict`` those before the first that is none."""
        for row in rows:
            if isinstance(row, Text):
                yield row
                continue
            self._take(row)
            if self.strict:
                return

    def _take(self, row: Rejected) -> None:
        self.count += 1
        self.first = self.first or row
        REFUSED.labels("file", "invalid").inc()
        if not self.strict and self.count <= SHOWN:
            self.say(str(row))
        if not self.strict and self.count == SHOWN + 1:
            self.say(f"further lines that are no texts: see {self.path}")
        if self.file is None:
            try:
                self.file = self.path.open("w", encoding="utf-8")
            except OSError as error:
                raise FatalError(f"{self.path}: {error.strerror}; say where rejected lines go with --rejected") from None
        kept = {"line": row.line, "field": row.field, "reason": row.reason, "raw": row.raw}
        self.file.write(json.dumps(kept) + "\n")


@contextmanager
def _rejects(sending: Sending, say: Callable[[str], None]) -> Iterator[_Rejects]:
    beside = Path("stdin.rejected.jsonl") if sending.path is None else Path(f"{sending.path}.rejected.jsonl")
    rejects = _Rejects(sending.rejected or beside, sending.strict, say)
    try:
        yield rejects
    finally:
        if rejects.file is not None:
            rejects.file.close()

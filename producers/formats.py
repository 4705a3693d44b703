"""The formats of a file of texts: JSON lines, CSV with a header, plain lines. Bytes in, texts and rejected rows out.

No row is lost in silence: whatever is no text comes out as :class:`Rejected` with its line and reason.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from groundswell.clock import Clock
from groundswell.errors import FatalError
from groundswell.messages import MAX_TEXT, Text
from producers.rows import Defaults, RowError, json_object, to_text

LONGEST_LINE = 16 * MAX_TEXT
"""Bytes of a line beyond which it is rejected unread."""
KEPT = 64 * 1024
"""Characters of a rejected row that are kept."""


class Format(StrEnum):
    """How the rows of a file are written."""

    JSONL = "jsonl"
    CSV = "csv"
    LINES = "lines"


class Encoding(StrEnum):
    """How the characters of a file are written."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


SUFFIXES = {".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".csv": Format.CSV, ".txt": Format.LINES}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no text: its first line, the field at fault (none: the whole row), the reason, the row itself."""

    line: int
    field: str | None
    reason: str
    raw: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.reason}" if self.field else f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read; ``columns`` gives the column or JSON field of each field of a text that has another name."""

    format: Format
    encoding: Encoding = Encoding.UTF_8
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)


@dataclass(slots=True)
class Position:
    """How many bytes of the file have been read."""

    bytes: int = 0


def format_of(path: Path | None, named: Format | None) -> Format:
    """The format by flag, else by the file's extension; standard input (none) is JSON lines."""
    if named is not None:
        return named
    if path is None:
        return Format.JSONL
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        known = ", ".join(SUFFIXES)
        raise FatalError(f"{path}: the extension tells no format ({known}); name one with --format jsonl|csv|lines")
    return found


def parse_columns(pairs: Iterable[str]) -> dict[str, str]:
    """The column map of ``text=content,published_at=time``; FatalError in one line for anything else."""
    columns: dict[str, str] = {}
    for pair in (part.strip() for joined in pairs for part in joined.split(",")):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise FatalError(f"--map {pair!r}: write FIELD=COLUMN, such as text=content")
        if name not in Text.model_fields:
            raise FatalError(f"--map {pair!r}: a text has no field {name!r}; it has {', '.join(Text.model_fields)}")
        columns[name] = column
    return columns


def read(stream: BinaryIO, reading: Reading, clock: Clock, position: Position) -> Iterator[Text | Rejected]:
    """The texts of ``stream`` in order, and what is none; FatalError where the file as a whole cannot be meant."""
    lines = _lines(stream, reading.encoding, position)
    match reading.format:
        case Format.JSONL:
            return _rows(lines, lambda line: _mapped(json_object(line), reading.columns), reading, clock)
        case Format.LINES:
            if not reading.defaults.now or reading.defaults.source is None:
                raise FatalError("plain lines have no times and no source: give --default-now and --source NAME")
            return _rows(lines, lambda line: {"text": line.rstrip("\r\n")}, reading, clock)
        case Format.CSV:
            return _csv(lines, reading, clock)


_Fields = Callable[[str], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    fault: str | None = None


def _lines(stream: BinaryIO, encoding: Encoding, position: Position) -> Iterator[_Line]:
    """The lines with their ends; bytes that are not of ``encoding`` and lines too long come with their fault."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        position.bytes += len(line)
        fault = None
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            fault = f"longer than {LONGEST_LINE:,} bytes"
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                position.bytes += len(rest)
            position.bytes += len(rest)
        text = line.decode(encoding, "surrogateescape")
        if number == 1:
            text = text.removeprefix("\ufeff")
        if fault is None and any("\udc80" <= character <= "\udcff" for character in text if not character.isascii()):
            other = Encoding.GB18030 if encoding is Encoding.UTF_8 else Encoding.UTF_8
            fault = f"not {encoding}: if the whole file is in another encoding, name it (--encoding {other})"
        yield _Line(number, text, fault)


def _rows(lines: Iterable[_Line], fields: _Fields, reading: Reading, clock: Clock) -> Iterator[Text | Rejected]:
    for line in lines:
        if not line.text.strip():
            continue
        try:
            if line.fault:
                raise RowError(None, line.fault)  # noqa: TRY301 - one way out for all faults of a row
            yield to_text(fields(line.text), reading.defaults, clock)
        except RowError as error:
            yield Rejected(line.number, error.field, error.reason, line.text.rstrip("\r\n")[:KEPT])


def _mapped(row: Mapping[str, object], columns: Mapping[str, str]) -> Mapping[str, object]:
    """Without a map the row itself, unknown fields and all; with one, the fields of a text that it has."""
    if not columns:
        return row
    taken = set(columns.values())
    fields = {name: row[name] for name in Text.model_fields if name in row and name not in taken}
    return fields | {name: row[column] for name, column in columns.items() if column in row}


def _csv(lines: Iterator[_Line], reading: Reading, clock: Clock) -> Iterator[Text | Rejected]:
    table = _Table(lines)
    header = table.next_row()
    names = [name.strip() for name in header.cells] if header else []
    _check_header(names, reading.columns)
    while row := table.next_row():
        if not any(row.cells) and not row.fault:
            continue
        try:
            yield to_text(_cells(row, names, reading.columns), reading.defaults, clock)
        except RowError as error:
            yield Rejected(row.line, error.field, error.reason, row.raw[:KEPT])


def _cells(row: "_Row", names: list[str], columns: Mapping[str, str]) -> Mapping[str, object]:
    if row.fault:
        raise RowError(None, row.fault)
    if len(row.cells) != len(names):
        raise RowError(None, f"{len(row.cells)} cells under {len(names)} columns: quote cells that hold commas or newlines")
    filled = {name: cell for name, cell in zip(names, row.cells, strict=True) if cell.strip()}
    return {name: filled[column] for name, column in _known(names, columns).items() if column in filled}


def _known(names: Iterable[str], columns: Mapping[str, str]) -> dict[str, str]:
    taken = set(columns.values())
    return {name: name for name in names if name in Text.model_fields and name not in taken} | dict(columns)


def _check_header(names: list[str], columns: Mapping[str, str]) -> None:
    found = ", ".join(ascii(name)[1:-1] if not name.isprintable() else name for name in names) or "none"
    for name, column in columns.items():
        if column not in names:
            raise FatalError(f"--map {name}={column}: the file has no such column; its columns are: {found}")
    if "text" not in _known(names, columns):
        raise FatalError(f"no column holds the text; name it with --map text=COLUMN; the file's columns are: {found}")


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]
    raw: str
    fault: str | None = None


class _Table:
    """CSV rows with the lines they came from: a row may span lines, and a bad one must not take the next with it."""

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self._taken: list[_Line] = []
        self._reader = csv.reader(self._texts(), strict=True)

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield line.text

    def next_row(self) -> _Row | None:
        """The next row, with its fault if it has one; none at the end."""
        self._taken.clear()
        cells: list[str] = []
        fault = None
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            fault = f"not CSV: {error}"
        raw = "".join(line.text for line in self._taken).rstrip("\r\n")
        faults = (line.fault for line in self._taken if line.fault)
        return _Row(self._taken[0].number, cells, raw, next(faults, fault))

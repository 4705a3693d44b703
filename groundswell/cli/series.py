"""A series of counts as a CSV file with the columns ``timestamp`` and ``value``, and its scores as another."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from groundswell.errors import FatalError
from producers.times import parse_time

TIME, VALUE, SCORE = "timestamp", "value", "anomaly_score"


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of a file in its order: the times as written and as read, the counts."""

    written: list[str]
    times: list[datetime]
    counts: list[float]

    def __len__(self) -> int:
        return len(self.counts)


def read_series(path: Path) -> Series:
    """The series in ``path``; a time without a zone is taken as UTC, other columns are passed over.

    Raises FatalError in one line, with the line of the file, for a column that is missing, a time that cannot be read or is not
    after the one before, and a value that is no finite number from 0 on.
    """
    series = Series([], [], [])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, written, value in _rows(path, csv.reader(file, strict=True)):
                moment = _time(path, line, written)
                if series.times and moment <= series.times[-1]:
                    raise FatalError(f"{path}: line {line}: {written} is not after {series.written[-1]}; sort the rows by time")
                series.written.append(written)
                series.times.append(moment)
                series.counts.append(_count(path, line, value))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FatalError(f"{path}: {reason}; name a CSV file in UTF-8 with the columns {TIME},{VALUE}") from None
    if not series.times:
        raise FatalError(f"{path}: holds no rows; rows of {TIME},{VALUE} are needed")
    return series


def _rows(path: Path, reader: "Iterator[list[str]]") -> Iterator[tuple[int, str, str]]:
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise FatalError(f"{path}: is empty; its first line must name the columns {TIME},{VALUE}")
    for name in (TIME, VALUE):
        if name not in header:
            raise FatalError(f"{path}: line 1: no column {name!r}; the columns must be {TIME},{VALUE}")
    time, value = header.index(TIME), header.index(VALUE)
    for line, row in enumerate(reader, 2):
        if not row:
            continue
        if len(row) <= max(time, value):
            raise FatalError(f"{path}: line {line}: {len(row)} of {len(header)} columns; write {TIME},{VALUE} in each row")
        yield line, row[time].strip(), row[value].strip()


def _time(path: Path, line: int, written: str) -> datetime:
    try:
        return parse_time(written, UTC)
    except ValueError:
        raise FatalError(f"{path}: line {line}: {written!r} is no time; write it as 2026-03-02 09:30:00") from None


def _count(path: Path, line: int, written: str) -> float:
    try:
        count = float(written)
    except ValueError:
        count = math.nan
    if not (math.isfinite(count) and count >= 0):
        raise FatalError(f"{path}: line {line}: {written!r} is no count; values are finite numbers from 0 on")
    return count


def write_scores(path: Path, times: Sequence[str], scores: Sequence[float]) -> None:
    """Write the ``scores`` of rows at ``times``, as they were written, to ``path``; FatalError where that fails."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow((TIME, SCORE))
            writer.writerows((time, f"{score:.6g}") for time, score in zip(times, scores, strict=True))
    except OSError as error:
        raise FatalError(f"--out {path}: {error.strerror}; name a file in a folder that can be written to") from None

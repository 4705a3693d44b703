"""A subject's counts over event time: minutes for the windows, hours for the past they are compared with."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from consumers.converger.events import UNITS, Event

WINDOWS = (15, 60, 360)
"""Lengths of the windows that are tested, minutes."""
KEPT_MINUTES = WINDOWS[-1] + 60


@dataclass(frozen=True, slots=True)
class Counts:
    """Texts and stance mass of a stretch of time; a mass is a sum of probabilities, so of the unit of texts."""

    texts: float
    negative: float
    positive: float

    def mass(self, stance: str) -> float:
        """The mass of ``stance``, negative or positive."""
        return self.negative if stance == "negative" else self.positive


@dataclass
class Trend:
    """The counts of one subject. Cells hold texts, negative and positive mass in thousandths."""

    texts: int = 0
    first: int | None = None
    """The hour of the first text."""
    minutes: dict[int, list[int]] = field(default_factory=dict)
    hours: dict[int, list[int]] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Count ``event`` in the minute and the hour of its publication."""
        hour = event.minute // 60
        self.texts += 1
        self.first = hour if self.first is None else min(hour, self.first)
        for cells, at in ((self.minutes, event.minute), (self.hours, hour)):
            cell = cells.setdefault(at, [0, 0, 0])
            cell[0] += 1
            cell[1] += event.negative
            cell[2] += event.positive

    def forget(self, minute: int, hour: int) -> None:
        """Drop minutes before ``minute`` and hours before ``hour``."""
        for cells, first in ((self.minutes, minute), (self.hours, hour)):
            for at in [at for at in cells if at < first]:
                del cells[at]

    def window(self, end: int, length: int) -> Counts:
        """The counts of the ``length`` minutes before minute ``end``."""
        return _sum(cell for at, cell in self.minutes.items() if end - length <= at < end)

    def hourly(self, before: int) -> Iterator[tuple[int, Counts]]:
        """The counts of the hours that ended at or before minute ``before``, those with texts only."""
        for at, cell in self.hours.items():
            if (at + 1) * 60 <= before:
                yield at, _sum([cell])

    def encode(self) -> bytes:
        """The trend in a few hundred bytes."""
        plain = [self.texts, self.first, _flat(self.minutes), _flat(self.hours)]
        return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 6)

    @classmethod
    def decode(cls, stored: bytes) -> "Trend":
        """The trend that `encode` gave."""
        texts, first, minutes, hours = json.loads(zlib.decompress(stored))
        return cls(texts, first, _cells(minutes), _cells(hours))


def _sum(cells: Iterator[list[int]] | list[list[int]]) -> Counts:
    texts = negative = positive = 0
    for cell in cells:
        texts += cell[0]
        negative += cell[1]
        positive += cell[2]
    return Counts(texts, negative / UNITS, positive / UNITS)


def _flat(cells: dict[int, list[int]]) -> list[int]:
    """Cells in order of time, each after its distance from the one before."""
    flat, last = [], 0
    for at in sorted(cells):
        flat += [at - last, *cells[at]]
        last = at
    return flat


def _cells(flat: list[int]) -> dict[int, list[int]]:
    cells, at = {}, 0
    for place in range(0, len(flat), 4):
        at += flat[place]
        cells[at] = flat[place + 1 : place + 4]
    return cells

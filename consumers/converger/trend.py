"""A subject's past: its counts by hour of event time, in at most 4 KB of Redis.

The hours that late texts can still reach are exact; older ones are kept to 2 % of their value, a byte a number, so that the
size does not depend on how much a subject is talked about.
"""

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from consumers.converger.counts import Cell, Counts, Hours, add
from consumers.converger.events import UNITS, Event

VERSION = 2
STEPS = 15
"""Steps of a kept number for each doubling: 255 of them reach 130,000 texts an hour, in steps of 4.7 %."""
FOLDED = 1 << 14
"""Cells whose rounding is remembered: each is asked for again while its hour is kept exactly, a day long."""


@dataclass
class Trend:
    """The counts of one subject by hour since the epoch; ``texts`` is their number since the subject is known."""

    texts: int = 0
    first: int | None = None
    """The hour of the first text."""
    hours: dict[int, Cell] = field(default_factory=dict)
    exact_from: int = 0
    """The first hour that is kept exactly."""
    latest: int | None = None
    """The minute of the last text."""

    def add(self, event: Event, weight: float = 1.0) -> None:
        """Count ``event``, by heads ``weight``, in the hour of its publication."""
        hour = event.minute // 60
        self.texts += 1
        self.first = hour if self.first is None else min(hour, self.first)
        self.latest = event.minute if self.latest is None else max(event.minute, self.latest)
        add(self.hours, hour, 1, *weighted(event, weight))
        if hour < self.exact_from:
            self._round(hour)

    def fold(self, first: int, exact_from: int) -> None:
        """Drop hours before ``first`` and round those before ``exact_from``; rounding again changes nothing."""
        if exact_from <= self.exact_from:
            return
        for at in [at for at in self.hours if at < exact_from]:
            if at < first:
                del self.hours[at]
            elif at >= self.exact_from:
                self._round(at)
        self.exact_from = exact_from

    def _round(self, hour: int) -> None:
        self.hours[hour] = list(_folded(tuple(self.hours[hour])))

    def hourly(self, before: int) -> Iterator[tuple[int, Counts]]:
        """The counts of the hours that ended at or before minute ``before``, those with texts only, the oldest first."""
        for at in sorted(self.hours):
            if (at + 1) * 60 <= before:
                yield at, Counts.of([self.hours[at]])

    def settled(self, before: int) -> Hours:
        """The same as `fold` leaves them sooner or later, so that what is learned of them does not depend on when it did."""
        ended = (at for at in sorted(self.hours) if (at + 1) * 60 <= before)
        return Hours.of([(at, self.hours[at] if at < self.exact_from else _folded(tuple(self.hours[at]))) for at in ended])

    def last(self, hours: int, end: int) -> Counts:
        """The counts of the ``hours`` hours before hour ``end``."""
        return self.between(end - hours, end)

    def between(self, first: int, end: int) -> Counts:
        """The counts of the hours from ``first`` to before ``end``."""
        return Counts.of(self.hours[at] for at in range(first, end) if at in self.hours)

    def encode(self) -> bytes:
        """The trend for the store."""
        flat = bytearray([VERSION])
        for number in (self.texts, _some(self.first), self.exact_from, _some(self.latest)):
            _put(flat, number)
        last = 0
        for at in sorted(self.hours):
            _put(flat, at - last)
            last = at
            if at < self.exact_from:
                flat += bytes(map(_step, _thousandths(self.hours[at])))
            else:
                for number in self.hours[at]:
                    _put(flat, number)
        return zlib.compress(bytes(flat), 6)

    @classmethod
    def decode(cls, stored: bytes) -> "Trend":
        """The trend that `encode` gave."""
        flat = iter(zlib.decompress(stored)[1:])
        texts, first, exact_from, latest = (_take(flat) for _ in range(4))
        trend, at = cls(texts, first - 1 if first else None, {}, exact_from, latest - 1 if latest else None), 0
        for byte in flat:
            at += _take(flat, byte)
            rounded = at < exact_from
            trend.hours[at] = _rounded(next(flat) for _ in range(4)) if rounded else [_take(flat) for _ in range(4)]
        return trend


def weighted(event: Event, weight: float) -> tuple[int, int, int]:
    """Weight, negative and positive mass of ``event`` in thousandths, by heads ``weight``."""
    return round(weight * UNITS), round(weight * event.negative), round(weight * event.positive)


def _some(number: int | None) -> int:
    """``number`` and one, 0 for none."""
    return 0 if number is None else number + 1


def _put(flat: bytearray, number: int) -> None:
    """Append ``number`` (not negative) as a little-endian base-128 varint."""
    while number > 127:
        flat.append(number & 127 | 128)
        number >>= 7
    flat.append(number)


def _take(flat: Iterator[int], first: int | None = None) -> int:
    byte = next(flat) if first is None else first
    number, shift = byte & 127, 7
    while byte > 127:
        byte = next(flat)
        number |= (byte & 127) << shift
        shift += 7
    return number


def _thousandths(cell: Sequence[int]) -> Cell:
    return [cell[0] * UNITS, *cell[1:]]


@lru_cache(FOLDED)
def _folded(cell: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_rounded(map(_step, _thousandths(cell))))


def _rounded(steps: Iterable[int]) -> Cell:
    texts, *masses = map(_value, steps)
    return [round(texts / UNITS), *masses]


def _step(thousandths: int) -> int:
    """The nearest step to ``thousandths`` on a logarithmic scale."""
    return min(255, round(STEPS * math.log2(1 + thousandths / UNITS)))


def _value(step: int) -> int:
    return round((2 ** (step / STEPS) - 1) * UNITS)

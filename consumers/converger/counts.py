"""Counts of a stretch of time: what windows and hours add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from consumers.converger.events import UNITS

Cell = list[int]
"""Texts, then weight, negative and positive mass in thousandths."""
COLUMNS = {"texts": 1, "negative": 2, "positive": 3}
"""Where in a cell the mass of a measure stands; that of texts is by heads."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Texts as they are, and by heads: ``weight`` is the texts, ``negative`` and ``positive`` the mass of a stance among them.

    One author, or one story, adds at most logarithmically to the last three (see `recent`); all are of the unit of texts.
    """

    texts: int
    weight: float
    negative: float
    positive: float

    def mass(self, measure: str) -> float:
        """The mass of ``measure``: negative, positive, or texts (by heads)."""
        return self.weight if measure == "texts" else float(getattr(self, measure))

    @classmethod
    def of(cls, cells: Iterable[Sequence[int]]) -> "Counts":
        """The sum of ``cells``."""
        texts = weight = negative = positive = 0
        for cell in cells:
            texts += cell[0]
            weight += cell[1]
            negative += cell[2]
            positive += cell[3]
        return cls(texts, weight / UNITS, negative / UNITS, positive / UNITS)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours since the epoch with texts, (hours,), the oldest first, and their cells, (hours, 4)."""

    at: np.ndarray
    cells: np.ndarray

    @classmethod
    def of(cls, cells: Sequence[tuple[int, Sequence[int]]]) -> "Hours":
        """Those of ``cells``, pairs of an hour and its cell, in order."""
        return cls(np.array([at for at, _ in cells], np.int64), np.array([cell for _, cell in cells], float).reshape(-1, 4))

    def until(self, before: int) -> "Hours":
        """Those before hour ``before``."""
        many = int(np.searchsorted(self.at, before))
        return Hours(self.at[:many], self.cells[:many])

    def mass(self, measure: str) -> np.ndarray:
        """The mass of ``measure`` (see `Counts`) in each, (hours,)."""
        return np.asarray(self.cells[:, COLUMNS[measure]] / UNITS)

    def series(self, measure: str, before: int) -> tuple[int, np.ndarray]:
        """The first hour, and the mass of ``measure`` in each from there to ``before``, which is after the last."""
        first = int(self.at[0]) if self.at.size else before
        found = np.zeros(before - first)
        found[self.at - first] = self.mass(measure)
        return first, found


def add(cells: dict[int, Cell], at: int, texts: int, weight: int, negative: int, positive: int) -> None:
    """Add to the cell of ``at``; masses in thousandths."""
    cell = cells.setdefault(at, [0, 0, 0, 0])
    cell[0] += texts
    cell[1] += weight
    cell[2] += negative
    cell[3] += positive

"""Counts of a stretch of time: what windows and hours add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consumers.converger.events import UNITS

Cell = list[int]
"""Texts, then weight, negative and positive mass in thousandths."""


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


def add(cells: dict[int, Cell], at: int, texts: int, weight: int, negative: int, positive: int) -> None:
    """Add to the cell of ``at``; masses in thousandths."""
    cell = cells.setdefault(at, [0, 0, 0, 0])
    cell[0] += texts
    cell[1] += weight
    cell[2] += negative
    cell[3] += positive

"""The cells in which a past is kept: hours, or longer where counts come less often, and their places in day and week."""

import math
from dataclasses import dataclass

DAY_MINUTES = 1440
HOUR_MINUTES = 60
MEMORY_DAYS = 28
FEWEST = 56
"""Cells that are remembered at least, where a cell is longer than half a day."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of ``minutes`` since the epoch, ``day`` of them a day, ``week`` a week; both 1 where no cell ends with a day."""

    minutes: int
    day: int
    week: int

    @classmethod
    def for_step(cls, step: float) -> "Grid":
        """The grid for counts that come every ``step`` minutes."""
        minutes = max(HOUR_MINUTES, math.ceil(step))
        if DAY_MINUTES % minutes:
            return cls(minutes, 1, 1)
        day = DAY_MINUTES // minutes
        return cls(minutes, day, 7 * day)

    @property
    def memory(self) -> int:
        """How many cells a past may hold."""
        return max(FEWEST, MEMORY_DAYS * DAY_MINUTES // self.minutes)


HOURLY = Grid.for_step(HOUR_MINUTES)

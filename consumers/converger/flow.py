"""Whether texts come at all: what a partition gets beside what it usually gets, so that no data is told from quiet.

The rule follows the longest pause of the last week, so nights and weekends count as usual; after an outage so does, for a week,
another that is no more than twice as long. All in minutes of event time.
"""

import json
from dataclasses import dataclass

from groundswell.settings import ConvergerSettings

DAY = 1440
WEEK_DAYS = 7
FACTOR = 2
"""A pause so many times as long as the longest of the last week is not usual."""


@dataclass(frozen=True)
class Flow:
    """When a partition got texts; minutes since the epoch."""

    first: int | None = None
    last: int | None = None
    pauses: tuple[tuple[int, int], ...] = ()
    """Day since the epoch and the longest pause that ended in it, for the last week."""

    def after(self, minute: int) -> "Flow":
        """The flow after ``minute``, in which texts came; one that is before the last changes nothing."""
        if self.first is None or self.last is None:
            return Flow(minute, minute)
        if minute <= self.last:
            return self
        day = minute // DAY
        kept = {known: pause for known, pause in self.pauses if day - known < WEEK_DAYS}
        kept[day] = max(minute - self.last, kept.get(day, 0))
        return Flow(self.first, minute, tuple(sorted(kept.items())))

    def dry(self, minute: int, settings: ConvergerSettings) -> bool:
        """Whether it is not usual that nothing has come up to the end of ``minute``; never so in the first day."""
        if self.first is None or self.last is None or self.last - self.first < DAY:
            return False
        return minute - self.last > max(settings.no_data_minutes, FACTOR * self._longest())

    def _longest(self) -> int:
        return max((pause for _, pause in self.pauses), default=0)

    def encode(self) -> str:
        """The flow as JSON."""
        return json.dumps([self.first, self.last, self.pauses], separators=(",", ":"))

    @classmethod
    def decode(cls, stored: str) -> "Flow":
        """The flow that `encode` gave."""
        first, last, pauses = json.loads(stored)
        return cls(first, last, tuple((day, pause) for day, pause in pauses))

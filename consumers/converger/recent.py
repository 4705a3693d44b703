"""A subject's last hours: its texts, its counts by minute, and by how many heads each of them counts.

Memory only: it is built again from the events of the last hours when a partition is taken over.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import accumulate

from consumers.converger.counts import Cell, Counts, add
from consumers.converger.events import Event
from consumers.converger.trend import weighted

WINDOWS = (15, 30, 60, 120, 360)
"""Lengths of the windows that are tested, minutes."""
KEPT_MINUTES = WINDOWS[-1] + 60
SHORTEST = [bisect_left(WINDOWS, age) for age in range(WINDOWS[-1] + 1)]
"""By age in minutes, the place of the shortest window that reaches so far."""


@dataclass
class Recent:
    """Events in the order in which they were closed; cells by minute of publication."""

    events: list[Event] = field(default_factory=list)
    minutes: dict[int, Cell] = field(default_factory=dict)
    _heads: dict[int, Counter[Hashable]] = field(default_factory=lambda: defaultdict(Counter))
    """Texts by author and by story, of each hour."""
    _summed: tuple[int, dict[int, Counts]] = field(default=(-1, {}))

    def add(self, event: Event, minute: int) -> float:
        """Take in ``event``, closed in ``minute``; returns its weight.

        The n-th text of one author (or story) in an hour weighs log2(1 + n) - log2(n), the lesser of both, so that n of them
        weigh log2(1 + n) together. A text that is later than the longest window is taken for the first of its author.
        """
        self.events.append(event)
        self._summed = (-1, {})
        weight = 1.0
        hour = event.minute // 60
        if (hour + 1) * 60 > minute - WINDOWS[-1]:
            heads = self._heads[hour]
            for key in (("author", event.author or event.text_id), ("story", event.story)):
                heads[key] += 1
                weight = min(weight, math.log2(1 + 1 / heads[key]))
        add(self.minutes, event.minute, 1, *weighted(event, weight))
        return weight

    def windows(self, end: int) -> dict[int, Counts]:
        """The counts of each of `WINDOWS` before minute ``end``, by its length; reckoned once a minute."""
        if self._summed[0] != end:
            sums = [[0, 0, 0, 0] for _ in WINDOWS]
            for at, cell in self.minutes.items():
                if 0 < (age := end - at) <= WINDOWS[-1]:
                    total = sums[SHORTEST[age]]
                    total[0] += cell[0]  # written out: the busiest lines of a closing
                    total[1] += cell[1]
                    total[2] += cell[2]
                    total[3] += cell[3]
            self._summed = (
                end,
                dict(zip(WINDOWS, map(Counts.of, accumulate(([cell] for cell in sums), list.__add__)), strict=True)),
            )
        return self._summed[1]

    def window(self, end: int, length: int) -> Counts:
        """The counts of the ``length`` minutes before minute ``end``."""
        if length in WINDOWS:
            return self.windows(end)[length]
        return Counts.of(cell for at, cell in self.minutes.items() if end - length <= at < end)

    def within(self, end: int, length: int) -> list[Event]:
        """The events of the ``length`` minutes before minute ``end``."""
        return [event for event in self.events if end - length <= event.minute < end]

    def forget(self, minute: int) -> None:
        """Drop what was published before ``minute``."""
        old = [at for at in self.minutes if at < minute]
        if not old:
            return
        self.events = [event for event in self.events if event.minute >= minute]
        self._summed = (-1, {})
        for at in old:
            del self.minutes[at]
        for hour in [hour for hour in self._heads if (hour + 1) * 60 <= minute]:
            del self._heads[hour]

    def __len__(self) -> int:
        return len(self.events)

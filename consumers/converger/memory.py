"""What is held in memory of one subject: its past by hours, its last hours by minutes, and what follows from the past."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from consumers.converger.counts import Hours
from consumers.converger.detector.baseline import Baseline
from consumers.converger.events import Event
from consumers.converger.recent import WINDOWS, Recent
from consumers.converger.shift import Course, course
from consumers.converger.trend import Trend

MOST_DERIVED = 32
PARENT_LAG = 28 * 60
"""Minutes by which the parent's past ends earlier: its hours take no late texts any more, so a restart learns the same."""


@dataclass
class Memory:
    """One subject. What follows from its past is kept until a text changes an hour that it speaks of."""

    trend: Trend = field(default_factory=Trend)
    recent: Recent = field(default_factory=Recent)
    parent: "Memory | None" = field(default=None, repr=False)
    """All subjects of the partition, whose rhythm each is taken to have until it shows its own."""
    _derived: dict[tuple[str, int], Any] = field(default_factory=dict)
    _hours: tuple[int, Hours] | None = None
    """All hours before one, as they are learned from."""

    def count(self, event: Event, minute: int) -> None:
        """Count ``event``, which is new and closed in ``minute``."""
        self.learn(event, self.recent.add(event, minute))

    def learn(self, event: Event, weight: float = 1.0) -> None:
        """Count ``event``, by heads ``weight``, in the past alone."""
        self.trend.add(event, weight)
        hour = event.minute // 60
        for key in [key for key in self._derived if key[1] > hour]:
            del self._derived[key]
        if self._hours is not None and self._hours[0] > hour:
            self._hours = None

    @property
    def latest(self) -> int:
        """The minute of the last text; long ago where there was none."""
        return 0 if self.trend.latest is None else self.trend.latest

    def heard(self, end: int) -> bool:
        """Whether it spoke in the longest window before minute ``end``: then it is in memory, whatever was forgotten when."""
        return self.latest >= end - WINDOWS[-1]

    def rest(self) -> None:
        """Let go of what can be derived again: many subjects are heard of once in hours."""
        self._derived.clear()
        self._hours = None

    def baseline(self, measure: str, before: int) -> Baseline:
        """The baseline of ``measure`` (texts, negative, positive) in the hours that ended by minute ``before``.

        It begins with the subject's first text: what came before is not known, and no silence.
        """

        def learned() -> Baseline:
            first, past = self._settled(before).series(measure, before // 60)
            usual = self.parent.baseline("texts", before - PARENT_LAG) if self.parent else None
            return Baseline.of(past, first, usual)

        found: Baseline = self._kept(f"baseline of {measure}", before // 60, learned)
        return found

    def course(self, measure: str, before: int) -> Course:
        """How the share of ``measure`` went in the hours that ended by minute ``before``."""
        found: Course = self._kept(f"course of {measure}", before // 60, lambda: course(self._settled(before), measure))
        return found

    def _settled(self, before: int) -> Hours:
        """The hours that ended by minute ``before``: the first ones of those that are kept, where they reach so far."""
        if self._hours is None or self._hours[0] < before // 60:
            self._hours = before // 60, self.trend.settled(before)
        return self._hours[1].until(before // 60)

    def _kept(self, name: str, before: int, derive: Callable[[], Any]) -> Any:
        """What ``derive`` finds in the hours before ``before``."""
        if (name, before) not in self._derived:
            if len(self._derived) >= MOST_DERIVED:
                self._derived.clear()
            self._derived[name, before] = derive()
        return self._derived[name, before]

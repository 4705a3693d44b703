"""Times in which people are not told of some alerts: a matcher and a period.

Silences that people put in, maintenance windows and trading hours are all of this kind. They act on telling alone: the alert
itself goes on. The clock on the wall decides, not event time: it is people at their desks who are spared.
"""

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from consumers.notifier.subscription import SEVERITIES, Part
from groundswell.messages import Alert, AlertKind, Severity

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Matcher(Part):
    """Which alerts are held back; an empty list matches all. Entities and topics are names or patterns (``*.SH``)."""

    entities: Annotated[tuple[Pattern, ...], Field(max_length=100)] = ()
    topics: Annotated[tuple[Pattern, ...], Field(max_length=100)] = ()
    kinds: tuple[AlertKind, ...] = ()
    severity: Severity = Severity.CRITICAL
    """The most: what is graver is told."""

    def matches(self, alert: Alert) -> bool:
        """Whether ``alert`` is one of them: by its entity, and by its own topic or else the likeliest explanation's."""
        return (
            (not self.kinds or alert.kind in self.kinds)
            and SEVERITIES.index(alert.severity) <= SEVERITIES.index(self.severity)
            and _any(self.entities, alert.subject.entity)
            and _any(self.topics, _topic(alert))
        )

    def __str__(self) -> str:
        named = (("entity", self.entities), ("topic", self.topics), ("kind", self.kinds))
        parts = [f"{name} {', '.join(values)}" for name, values in named if values]
        if self.severity is not Severity.CRITICAL:
            parts.append(f"severity {self.severity} or less")
        return "; ".join(parts) or "all alerts"


class Hold(Protocol):
    """A time in which what ``match`` names is held back."""

    @property
    def match(self) -> Matcher:
        """What is held back."""
        ...

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def sort(self) -> str:
        """Who made it: ``silence`` or ``calendar``."""
        ...

    @property
    def when(self) -> str:
        """Its period, in words."""
        ...

    @property
    def by(self) -> str:
        """Who says so."""
        ...

    @property
    def why(self) -> str:
        """The reason."""
        ...

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at ``moment``."""
        ...


def holding(alert: Alert, in_force: Iterable[Hold]) -> Hold | None:
    """The first of ``in_force`` that holds ``alert`` back."""
    return next((hold for hold in in_force if hold.match.matches(alert)), None)


def _any(patterns: tuple[str, ...], name: str | None) -> bool:
    return not patterns or (name is not None and any(fnmatchcase(name, pattern) for pattern in patterns))


def _topic(alert: Alert) -> str | None:
    """The topic that the headline names."""
    return alert.subject.topic or next((one.subject.topic for one in alert.hypotheses if one.subject.topic), None)

"""Event time of one partition of the texts topic: when a text counts, and how far the watermark has come.

A pure function of the partition's records in order, so that whoever reads them again comes to the same result. One text
dated tomorrow makes no other late: it is taken at its arrival if it claims to come from after it, and a leap of more than
``max_jump`` moves the watermark only when further texts confirm it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from groundswell.settings import EventTimeSettings

CONFIRMATIONS = 3
"""Texts in a row on the far side of a leap from which it is believed."""


class Dated(Protocol):
    """What event time needs to know of a text."""

    @property
    def source(self) -> str:
        """Who sent it."""
        ...

    @property
    def published_at(self) -> datetime:
        """When it says it was published."""
        ...

    @property
    def ingested_at(self) -> datetime:
        """When it came in."""
        ...


def taken_at(published: datetime, ingested: datetime, settings: EventTimeSettings) -> float:
    """When a text counts, in seconds since the epoch: when it was published, or arrived if it claims to be from after."""
    if (published - ingested).total_seconds() > settings.max_ahead:
        return ingested.timestamp()
    return published.timestamp()


@dataclass(frozen=True)
class EventTime:
    """The state of one partition; times in seconds since the epoch, none before the first text."""

    watermark: float | None = None
    leap: float | None = None
    votes: int = 0

    def observe(self, taken: float, lateness: float, max_jump: float) -> "EventTime":
        """The state after a text that counts at ``taken``, from a source ``lateness`` seconds late at most."""
        candidate = taken - lateness
        if self.watermark is None:
            return EventTime(candidate)
        if candidate - self.watermark <= max_jump:
            return EventTime(max(candidate, self.watermark))
        leap = candidate if self.leap is None else min(candidate, self.leap)
        if self.votes + 1 >= CONFIRMATIONS:
            return EventTime(leap)
        return replace(self, leap=leap, votes=self.votes + 1)

    def take(self, text: Dated, settings: EventTimeSettings) -> tuple["EventTime", float]:
        """The state after ``text``, and from when the text counts: never before the watermark told ahead of it.

        The time is in seconds since the epoch, to the millisecond.
        """
        taken = taken_at(text.published_at, text.ingested_at, settings)
        after = self.observe(taken, lateness_of(text.source, settings), settings.max_jump)
        return after, round(max(taken, after.watermark or taken), 3)

    def advance(self, time: float) -> "EventTime":
        """The state after word that nothing older than ``time`` is to come."""
        return self if self.watermark is not None and time <= self.watermark else EventTime(time)

    def encode(self) -> str:
        """The state as the note kept beside a committed offset."""
        return json.dumps([self.watermark, self.leap, self.votes])

    @classmethod
    def decode(cls, note: str) -> "EventTime":
        """The state from its note; an empty or foreign note is the state before the first text."""
        try:
            watermark, leap, votes = json.loads(note)
            return cls(watermark, leap, int(votes))
        except (ValueError, TypeError):
            return cls()


def lateness_of(source: str, settings: EventTimeSettings) -> float:
    """How late ``source`` may be, seconds."""
    sources: Mapping[str, float] = settings.source_lateness
    return sources.get(source, settings.lateness)

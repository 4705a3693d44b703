"""Who and what stands behind a window: one author, or one story, adds at most logarithmically."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from consumers.converger.events import UNITS, Event
from consumers.converger.trend import Counts


@dataclass(frozen=True)
class Support:
    """The texts of a window counted by heads: ``counts`` are effective masses, the rest are whole numbers.

    ``authors`` and the others count what leans to the stance (probability of at least a half).
    """

    counts: Counts
    texts: int
    authors: int
    stories: int
    sources: int


def weights(events: Sequence[Event]) -> list[float]:
    """The weight of each event: n events of one author (or story) weigh log2(1 + n) together; the lesser of both counts."""
    by_author = _damped(events, lambda event: event.author or event.text_id)
    by_story = _damped(events, lambda event: event.story)
    return [min(pair) for pair in zip(by_author, by_story, strict=True)]


def _damped(events: Sequence[Event], key: Callable[[Event], Hashable]) -> list[float]:
    counts = Counter(key(event) for event in events)
    return [math.log2(1 + counts[key(event)]) / counts[key(event)] for event in events]


def leaning(event: Event, stance: str) -> bool:
    """Whether ``event`` is more of ``stance`` than of the others together."""
    return (event.negative if stance == "negative" else event.positive) * 2 >= UNITS


def support(events: Sequence[Event], stance: str) -> Support:
    """The support that ``events`` give to ``stance``."""
    shares = weights(events)
    pairs = list(zip(events, shares, strict=True))
    leaners = [event for event in events if leaning(event, stance)]
    return Support(
        Counts(
            math.fsum(shares),
            math.fsum(weight * event.negative / UNITS for event, weight in pairs),
            math.fsum(weight * event.positive / UNITS for event, weight in pairs),
        ),
        texts=len(leaners),
        authors=len({event.author or event.story for event in leaners}),
        stories=len({event.story for event in leaners}),
        sources=len({event.source for event in leaners}),
    )

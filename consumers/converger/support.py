"""Who and what stands behind a window: one author, or one story, adds at most logarithmically."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from consumers.converger.counts import Counts
from consumers.converger.events import UNITS, Event
from consumers.converger.stories import gathered

LEANING = 0.5
"""A text that has so much of a stance leans to it."""


@dataclass(frozen=True)
class Support:
    """The texts of a window counted by heads: ``counts`` are effective masses, the rest are whole numbers.

    ``authors`` and the others count what leans to the stance (probability of at least a half); ``copies`` is how many texts
    the story with the most of them has.
    """

    counts: Counts
    texts: int
    authors: int
    stories: int
    sources: int
    copies: int = 1


def weights(events: Sequence[Event]) -> list[float]:
    """The weight of each event: n events of one author (or story) weigh log2(1 + n) together; the lesser of both counts."""
    by_author = _damped([event.author or event.text_id for event in events])
    by_story = _damped(gathered(events))
    return [min(pair) for pair in zip(by_author, by_story, strict=True)]


def _damped(keys: Sequence[Hashable]) -> list[float]:
    counts = Counter(keys)
    return [math.log2(1 + counts[key]) / counts[key] for key in keys]


def leaning(event: Event, stance: str) -> bool:
    """Whether ``event`` is more of ``stance`` than of the others together; to any but negative and positive, all lean."""
    match stance:
        case "negative":
            return event.negative >= LEANING * UNITS
        case "positive":
            return event.positive >= LEANING * UNITS
        case _:
            return True


def without_echo(events: Sequence[Event], shares: Sequence[float]) -> list[float]:
    """``shares`` where the author who weighs most weighs one text: what one person repeats, others need not have said."""
    by_author: dict[str, float] = {}
    for event, share in zip(events, shares, strict=True):
        name = event.author or event.text_id
        by_author[name] = by_author.get(name, 0.0) + share
    loudest = max(sorted(by_author), key=by_author.__getitem__, default="")
    scale = 1 / max(1.0, by_author.get(loudest, 1.0))
    return [
        share * scale if (event.author or event.text_id) == loudest else share
        for event, share in zip(events, shares, strict=True)
    ]


def without_loudest(events: Sequence[Event], stance: str) -> list[Event]:
    """``events`` of a topic without those of the entity that is named most where they lean to ``stance``; all where none is."""
    named = Counter(name for event in events if leaning(event, stance) for name in event.entities)
    loudest = max(sorted(named), key=named.__getitem__, default=None)
    return [event for event in events if loudest not in event.entities]


def support(events: Sequence[Event], stance: str) -> Support:
    """The support that ``events`` give to ``stance``."""
    shares = without_echo(events, weights(events))
    pairs = list(zip(events, shares, strict=True))
    leaners = [(event, story) for event, story in zip(events, gathered(events), strict=True) if leaning(event, stance)]
    told = Counter(story for _, story in leaners)
    return Support(
        Counts(
            len(events),
            math.fsum(shares),
            math.fsum(weight * event.negative / UNITS for event, weight in pairs),
            math.fsum(weight * event.positive / UNITS for event, weight in pairs),
        ),
        texts=len(leaners),
        authors=len({event.author or story for event, story in leaners}),
        stories=len(told),
        sources=len({event.source for event, _ in leaners}),
        copies=max(told.values(), default=0),
    )

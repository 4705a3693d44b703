"""Evidence: up to five stories of a window, chosen for weight and for variety.

By maximal marginal relevance (Carbonell and Goldstein 1998): the next story is the one that weighs most less what it
repeats of those already chosen.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from consumers.converger.events import UNITS, Event
from consumers.converger.stories import gathered
from consumers.converger.support import leaning, weights
from groundswell.messages import Evidence, Stance
from model.words import words_of

MOST = 5
WEIGHT = 0.6
"""How much a story's weight counts against what it repeats."""
SAME_SOURCE, SAME_AUTHOR = 0.4, 0.2
"""What a shared source and a shared author add to the likeness of two stories; their words make up the rest."""


@dataclass(frozen=True)
class _Story:
    """A story: its texts, oldest first, its effective mass, and what the first of them says."""

    told: Sequence[Event]
    mass: float
    words: frozenset[str]

    @property
    def first(self) -> Event:
        return self.told[0]


def evidence(events: Sequence[Event], stance: str) -> tuple[Evidence, ...]:
    """Up to five stories of what leans to ``stance``, the weightiest first, then what adds most to it."""
    waiting = _stories(events, stance)
    most = max((story.mass for story in waiting), default=0.0)
    chosen: list[_Story] = []
    while waiting and len(chosen) < MOST:
        best = max(waiting, key=lambda story: WEIGHT * story.mass / most - (1 - WEIGHT) * _repeats(story, chosen))
        chosen.append(best)
        waiting.remove(best)
    return tuple(_exhibit(story.told) for story in chosen)


def _stories(events: Sequence[Event], stance: str) -> list[_Story]:
    """The stories that lean to ``stance``, weightiest first; of equals the one whose first text has the least id."""
    told: dict[str, list[Event]] = defaultdict(list)
    mass: dict[str, float] = defaultdict(float)
    for event, story, weight in zip(events, gathered(events), weights(events), strict=True):
        if leaning(event, stance):
            told[story].append(event)
            mass[story] += weight * _part(event, stance)
    found = []
    for story, texts in told.items():
        oldest = sorted(texts, key=lambda one: (one.minute, one.text_id))
        found.append(_Story(oldest, mass[story], _words(oldest[0].excerpt)))
    return sorted(found, key=lambda one: (-round(one.mass, 6), one.first.text_id))


def _part(event: Event, stance: str) -> float:
    return getattr(event, stance) / UNITS if stance in {"negative", "positive"} else 1.0


@lru_cache(maxsize=4096)
def _words(excerpt: str) -> frozenset[str]:
    return frozenset(excerpt[start:end].casefold() for start, end in words_of(excerpt))


def _repeats(story: _Story, chosen: Sequence[_Story]) -> float:
    """The likeness, 0..1, to what it is most like among the ``chosen``."""
    return max((_likeness(story, other) for other in chosen), default=0.0)


def _likeness(one: _Story, other: _Story) -> float:
    alike = SAME_SOURCE * (one.first.source == other.first.source)
    alike += SAME_AUTHOR * (one.first.author is not None and one.first.author == other.first.author)
    every = one.words | other.words
    return alike + (1 - SAME_SOURCE - SAME_AUTHOR) * (len(one.words & other.words) / len(every) if every else 0.0)


def _exhibit(copies: Sequence[Event]) -> Evidence:
    first = copies[0]
    return Evidence(
        excerpt=first.excerpt,
        source=first.source,
        url=next((event.url for event in copies if event.url), None),
        copies=len(copies),
        stance=Stance(negative=first.negative / UNITS, neutral=first.neutral / UNITS, positive=first.positive / UNITS),
        words=next((event.words for event in copies if event.words), ()),
    )

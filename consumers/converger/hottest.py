"""The hottest subjects, for Prometheus: at most twenty, all of them topics or entities of the watchlist.

Reads what the converger has in memory of its partitions, never the store, so that looking costs a batch next to nothing and
cannot fail it. Entities that were only found in texts have no series: there is no end to them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from consumers.converger.closing import Names
from consumers.converger.events import parse_subject
from consumers.converger.partition import Partition
from consumers.converger.recent import WINDOWS
from groundswell import metrics
from groundswell.clock import Clock
from model.taxonomy import Taxonomy

EVERY_SECONDS = 30.0
MOST = 20


@dataclass(frozen=True)
class Hot:
    """A subject with its texts in the last six hours of event time, and the negative share of their stance mass."""

    subject: str
    texts: int
    negative: float


class Hottest:
    """Keeps the series of the hottest subjects; `refresh` is called often and looks every 30 seconds."""

    def __init__(self, taxonomy: Taxonomy, names: Names, clock: Clock) -> None:
        self._topics = taxonomy.topics
        self._names = names
        self._clock = clock
        self._due = 0.0
        self._shown: set[str] = set()

    def refresh(self, partitions: Iterable[Partition]) -> None:
        """Show the hottest of ``partitions`` if it is time, and drop the series of those that no longer are."""
        now = self._clock.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_SECONDS
        found = hottest(partitions, self._topics, self._names())
        for hot in found:
            metrics.HOT_TEXTS.labels(hot.subject).set(hot.texts)
            metrics.HOT_NEGATIVE.labels(hot.subject).set(hot.negative)
        shown = {hot.subject for hot in found}
        for subject in self._shown - shown:
            metrics.remove_hot_subject(subject)
        self._shown = shown


def hottest(partitions: Iterable[Partition], topics: Collection[str], entities: Collection[str]) -> list[Hot]:
    """The at most twenty subjects of ``topics`` and ``entities`` with most texts in six hours, most first.

    A subject's events in memory reach back further than its window, so their number bounds what the window can hold, and
    only a few windows have to be added up however many subjects there are.
    """
    bounds = [
        (-len(memory.recent), subject, partition)
        for partition in partitions
        for subject, memory in partition.subjects.items()
        if _nameable(subject, topics, entities)
    ]
    found: list[Hot] = []
    for bound, subject, partition in sorted(bounds, key=lambda one: one[:2]):
        if len(found) == MOST and -bound <= found[-1].texts:
            break
        if (hot := _hot(subject, partition)) is not None:
            found = sorted([*found, hot], key=lambda one: (-one.texts, one.subject))[:MOST]
    return found


def _nameable(subject: str, topics: Collection[str], entities: Collection[str]) -> bool:
    """Whether ``subject`` is made of a topic of the taxonomy and an entity of the watchlist, or one of the two."""
    parsed = parse_subject(subject)
    return (parsed.topic is None or parsed.topic in topics) and (parsed.entity is None or parsed.entity in entities)


def _hot(subject: str, partition: Partition) -> Hot | None:
    if partition.closed is None:
        return None
    counts = partition.subjects[subject].recent.window(partition.closed, WINDOWS[-1])
    return Hot(subject, counts.texts, counts.negative / max(counts.weight, 0.001)) if counts.texts else None

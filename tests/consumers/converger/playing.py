"""Minutes closed over lists of events, as the stage does it: what memory has forgotten comes back from where it is kept."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from consumers.converger.closing import Closing
from consumers.converger.events import Event
from consumers.converger.partition import Partition, forget
from consumers.converger.trend import Trend
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings
from model import taxonomy

TAXONOMY = taxonomy.load()


class Play:
    """A partition whose minutes are closed in steps, with the trends that would be in the store."""

    def __init__(self, **settings: Any) -> None:
        self.partition = Partition()
        self.kept: dict[str, bytes] = {}
        self._closing = Closing(ConvergerSettings(**settings), TAXONOMY, lambda: {"acme": "Acme"})

    def close(self, pending: Mapping[int, Sequence[Event]], target: int) -> list[Alert]:
        """The alerts of closing the minutes of ``pending``, and all before ``target``."""
        named = {name for events in pending.values() for event in events for name in event.subjects}
        for name in {*named, *self.partition.deadlines.before(target)} - self.partition.subjects.keys():
            if name in self.kept:
                self.partition.memory(name).trend = Trend.decode(self.kept[name])
        closed = self._closing.close(self.partition, pending, target)
        self.kept.update({name: self.partition.subjects[name].trend.encode() for name in closed.subjects})
        forget(self.partition)
        return closed.alerts


def by_minute(events: Iterable[Event]) -> dict[int, list[Event]]:
    """``events`` by the minute of their publication, in which each is closed."""
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        found[event.minute].append(event)
    return found


def told(events: Iterable[Event] | Mapping[int, Sequence[Event]], steps: Iterable[int], **settings: Any) -> list[Alert]:
    """The alerts over ``events``, by minutes of closing if not told otherwise, closed up to each of ``steps`` in turn."""
    play, alerts = Play(**settings), []
    waiting = dict(events) if isinstance(events, Mapping) else dict(by_minute(events))
    for target in steps:
        due = {minute: waiting.pop(minute) for minute in sorted(waiting) if minute < target}
        alerts += play.close(due, target)
    return alerts

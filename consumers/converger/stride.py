"""How far one closing goes: so few minutes with events that its script stays short, however long the way to the target."""

from collections.abc import Mapping, Sequence

from consumers.converger.events import Event
from consumers.converger.partition import Partition

STRIDE = 240
"""Minutes with events that one closing takes at most."""
Pending = Mapping[int, Sequence[Event]]


def stride(partition: Partition, pending: Pending, target: int) -> tuple[Pending, int] | None:
    """The events of the next closing, and the minute before which it closes; none before the first event.

    ``pending`` has the minutes before ``target`` that are not closed. Event time begins with the first event.
    """
    if partition.closed is None and not pending:
        return None
    some = dict(sorted(pending.items())[:STRIDE])
    return some, target if len(some) == len(pending) else max(some) + 1


def to_load(partition: Partition, some: Pending, end: int) -> set[str]:
    """The subjects whose trends a closing of ``some`` before minute ``end`` needs: those of events, those due to speak."""
    named = {name for events in some.values() for event in events for name in event.subjects}
    return named | set(partition.deadlines.before(end))

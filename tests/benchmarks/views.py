"""One partition under several budgets at once: each has alerts of its own, the trends are kept and counted once for all."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from consumers.converger.closing import Closing
from consumers.converger.events import Event
from consumers.converger.memory import Memory
from consumers.converger.partition import Partition, forget, group_of
from consumers.converger.recent import KEPT_MINUTES
from groundswell.messages import Alert, AlertState


class Seen(Memory):
    """A subject as one of the budgets sees it."""

    def count(self, event: Event, minute: int) -> None:
        """Nothing is left to do: the pool has counted it."""


@dataclass
class View(Partition):
    """A partition under one budget, over the trends of ``pool``."""

    pool: Mapping[str, Memory] = field(default_factory=dict)

    def memory(self, subject: str) -> Memory:
        """The memory of ``subject``, whose trend is always at hand."""
        self.news.add(subject)
        if subject not in self.subjects:
            one = self.pool[subject]
            self.subjects[subject] = Seen(one.trend, one.recent, _derived=one._derived)
            self.groups.setdefault(group_of(subject), set()).add(subject)
        return self.subjects[subject]


class Views:
    """One of ``of`` partitions under the budgets of ``closings``."""

    def __init__(self, closings: Mapping[float, Closing], of: int) -> None:
        self._closings = closings
        self._pool: dict[str, Memory] = defaultdict(Memory)
        self._views = {budget: View(of=of, pool=self._pool) for budget in closings}
        self._fired: set[tuple[float, str]] = set()

    def learn(self, minute: int, events: Sequence[Event]) -> None:
        """Count ``events``, closed in ``minute``."""
        for event in sorted(events, key=lambda one: (one.minute, one.text_id, one.subjects)):
            for subject in event.subjects:
                self._pool[subject].count(event, minute)

    def forget(self, minute: int, history_hours: int) -> None:
        """Drop what no window can reach any more before ``minute``, and hours that are older than ``history_hours``."""
        for memory in self._pool.values():
            memory.recent.forget(minute - KEPT_MINUTES)
            memory.trend.fold(minute // 60 - history_hours, minute // 60)

    def close(self, minute: int, events: Sequence[Event]) -> Iterator[tuple[float, Alert]]:
        """Close all before ``minute``, while its ``events`` are not known yet, then it; what began to fire, by budget."""
        for budget in self._views:
            yield from self._close(budget, {}, minute)
        self.learn(minute, events)
        for budget, view in self._views.items():
            yield from self._close(budget, {minute: events} if events else {}, minute + 1)
            forget(view)

    def _close(self, budget: float, pending: Mapping[int, Sequence[Event]], target: int) -> Iterator[tuple[float, Alert]]:
        for alert in self._closings[budget].close(self._views[budget], pending, target).alerts:
            if alert.state == AlertState.FIRING and (budget, alert.id) not in self._fired:
                self._fired.add((budget, alert.id))
                yield budget, alert

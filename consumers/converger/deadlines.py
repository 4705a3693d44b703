"""The minutes by which subjects that speak often should have spoken again; the next one is found without looking at all."""

import heapq
from collections.abc import Iterable


class Deadlines:
    """One deadline a subject, in minutes since the epoch."""

    def __init__(self, known: Iterable[tuple[str, int]] = ()) -> None:
        self._of = dict(known)
        self._queue = [(minute, subject) for subject, minute in self._of.items()]
        heapq.heapify(self._queue)

    def set(self, subject: str, minute: int | None) -> None:
        """Move the deadline of ``subject`` to ``minute``; none takes it away."""
        if minute is None:
            self._of.pop(subject, None)
        elif self._of.get(subject) != minute:
            self._of[subject] = minute
            heapq.heappush(self._queue, (minute, subject))

    def of(self, subject: str) -> int | None:
        """The deadline of ``subject``, if it has one."""
        return self._of.get(subject)

    def next(self) -> int | None:
        """The earliest deadline."""
        while self._queue and self._of.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def before(self, minute: int) -> list[str]:
        """The subjects whose deadline lies before ``minute``, in order of their names."""
        found: set[str] = set()
        missed = []
        while self._queue and self._queue[0][0] < minute:
            at, subject = heapq.heappop(self._queue)
            if self._of.get(subject) == at and subject not in found:
                found.add(subject)
                missed.append((at, subject))
        for entry in missed:
            heapq.heappush(self._queue, entry)
        return sorted(found)

"""The circuit breaker of the deadletters: a bad deploy must not send everything there."""

from collections import deque


class Breaker:
    """Opens when too large a share of the last records failed, or too many in a row."""

    def __init__(self, window: int, ratio: float, run: int) -> None:
        self._recent: deque[bool] = deque(maxlen=window)
        self._ratio = ratio
        self._limit = run
        self._run = 0

    def record(self, *, failed: bool) -> None:
        """Count one record."""
        self._recent.append(failed)
        self._run = self._run + 1 if failed else 0

    def reason(self) -> str | None:
        """Why the stage must stop, or none. The share counts only over a full window."""
        if self._run >= self._limit:
            return f"{self._run} records in a row failed"
        failed = sum(self._recent)
        if len(self._recent) == self._recent.maxlen and failed >= self._ratio * len(self._recent):
            return f"{failed} of the last {len(self._recent)} records failed"
        return None

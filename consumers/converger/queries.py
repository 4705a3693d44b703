"""Questions to the trends, for people who look: nothing here writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consumers.converger.counts import Counts
from consumers.converger.state import Keys
from consumers.converger.trend import Trend
from groundswell.settings import Settings
from groundswell.store import Client, errors

CHUNK = 500


@dataclass(frozen=True)
class Seen:
    """A subject with its trend, and the minute it was last heard of."""

    subject: str
    last: int
    trend: Trend

    def hourly(self, hours: int) -> list[Counts]:
        """The counts of the last ``hours`` hours up to the last text, oldest first."""
        end = self.last // 60
        known = dict(self.trend.hourly((end + 1) * 60))
        empty = Counts(0, 0, 0, 0)
        return [known.get(hour, empty) for hour in range(end - hours + 1, end + 1)]


class Trends:
    """Reads what the converger keeps, over all partitions."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client: Any = client
        self._keys = [Keys(settings.redis.prefix, number) for number in range(settings.kafka.partitions)]

    def all(self) -> Iterator[Seen]:
        """Every subject, in no order."""
        for keys in self._keys:
            with errors():
                names = self._client.zrange(keys.subjects, 0, -1, withscores=True)
            yield from self._load(keys, names)

    def hottest(self, count: int, among: int = 100) -> list[Seen]:
        """The ``count`` subjects with most texts in six full hours, of the ``among`` last heard of in each partition."""
        found = []
        for keys in self._keys:
            with errors():
                names = self._client.zrevrange(keys.subjects, 0, among - 1, withscores=True)
            found += list(self._load(keys, names))
        now = max((one.last for one in found), default=0)
        found.sort(key=lambda one: (-one.trend.last(6, now // 60 + 1).texts, one.subject))
        return found[:count]

    def find(self, subject: str) -> Seen | None:
        """The subject of that name, such as ``liquidity/zh00``, ``*/zh00`` or ``liquidity/*``."""
        for keys in self._keys:
            with errors():
                score = self._client.zscore(keys.subjects, subject)
            if score is not None:
                return next(iter(self._load(keys, [(subject.encode(), score)])), None)
        return None

    def closed(self) -> list[int | None]:
        """The first minute that is not closed, of each partition; none where nothing has come yet."""
        with errors():
            values = [self._client.hget(keys.meta, "closed") for keys in self._keys]
        return [None if value is None else int(value) for value in values]

    def waiting(self) -> int:
        """Minutes with events that are not closed, and alerts that are not told."""
        total = 0
        for keys, closed in zip(self._keys, self.closed(), strict=True):
            with errors():
                total += self._client.zcount(keys.minutes, closed or "-inf", "+inf") + self._client.llen(keys.outbox)
        return total

    def watermarks(self) -> list[float]:
        """The least watermark that each partition has heard of, in seconds since the epoch; infinitely early for none."""
        lows = []
        for keys in self._keys:
            with errors():
                meta = self._client.hgetall(keys.meta)
            marks = [float(value) for name, value in meta.items() if name.startswith(b"mark:")]
            whole = len(marks) == int(meta.get(b"of", b"-1"))
            lows.append(min(marks) if whole else float("-inf"))
        return lows

    def _load(self, keys: Keys, names: list[tuple[bytes, float]]) -> Iterator[Seen]:
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            with errors():
                stored = self._client.mget([keys.trend(name.decode()) for name, _ in chunk])
            for (name, last), value in zip(chunk, stored, strict=True):
                if value is not None:
                    yield Seen(name.decode(), int(last), Trend.decode(value))

"""The converger over a placed stream, in memory: the same closing, minute by minute, as over Redis."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from consumers.backtest.stream import Stream
from consumers.converger.closing import Aliases, Closing, Names
from consumers.converger.events import Event
from consumers.converger.partition import Closed, Partition, forget
from consumers.converger.stride import stride, to_load
from consumers.converger.trend import Trend
from groundswell.alerts import each_once
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings
from model.taxonomy import Taxonomy

Progress = Callable[[int], None]
"""Takes the number of minutes closed so far, over all partitions."""


def run(
    stream: Stream,
    settings: ConvergerSettings,
    taxonomy: Taxonomy,
    called: tuple[Names, Aliases],
    progress: Progress = lambda _minutes: None,
) -> list[Alert]:
    """Every transition that the alerts of ``stream`` are told to make under ``settings``, in order of time."""
    closing, done, told = Closing(settings, taxonomy, *called), 0, list[Alert]()
    for pending in stream.partitions:
        for closed, minutes in _closings(Partition(of=len(stream.partitions)), pending, stream.target, closing, settings):
            told += closed.alerts
            done += minutes
            progress(done)
    return sorted(each_once(told), key=lambda one: (one.updated_at, one.id, one.revision))


def _closings(
    partition: Partition, pending: Mapping[int, Sequence[Event]], target: int, closing: Closing, settings: ConvergerSettings
) -> Iterator[tuple[Closed, int]]:
    """What each closing of one partition comes to, and how many minutes it closed."""
    trends, left = _Trends(settings), dict(pending)
    while (partition.closed or 0) < target and (step := stride(partition, left, target)):
        some, end = step
        trends.load(partition, to_load(partition, some, end))
        begun = min(some, default=end) if partition.closed is None else partition.closed
        closed = closing.close(partition, some, end)
        trends.save(partition, closed)
        forget(partition)
        yield closed, end - begun
        for minute in some:
            del left[minute]


class _Trends:
    """What Redis holds of the trends: those that memory has let go come back from here, as long as they are kept."""

    def __init__(self, settings: ConvergerSettings) -> None:
        self._kept = settings.history_days * 1440
        self._trends: dict[str, tuple[int, Trend]] = {}

    def load(self, partition: Partition, subjects: AbstractSet[str]) -> None:
        for name in subjects - partition.subjects.keys():
            minute, trend = self._trends.get(name, (0, Trend()))
            known = minute >= (partition.closed or 0) - self._kept
            partition.memory(name).trend = trend if known else Trend()

    def save(self, partition: Partition, closed: Closed) -> None:
        for name, minute in closed.subjects.items():
            self._trends[name] = minute, partition.subjects[name].trend

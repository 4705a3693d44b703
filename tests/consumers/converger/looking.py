"""A subject with a past of hourly counts, and what evaluate, refine and select come to over it."""

from collections.abc import Iterable, Iterator, Mapping

from consumers.converger.budget import allowed
from consumers.converger.counts import Cell
from consumers.converger.evaluate import evaluate
from consumers.converger.events import UNITS, Event
from consumers.converger.memory import Memory
from consumers.converger.refine import refine
from consumers.converger.select import Finding, select
from consumers.converger.surge import Thresholds
from consumers.converger.trend import Trend
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings

END = 28_000_020
"""A full hour, minutes since the epoch."""
HOUR = END // 60
DAYS = 14
GROUPS = 20
"""How many groups the budget is for."""


def cell(texts: int, negative: float = 0.0, positive: float = 0.0) -> Cell:
    """An hour of ``texts`` of as many voices, with the mass of each stance among them."""
    return [texts, texts * UNITS, round(negative * UNITS), round(positive * UNITS)]


def flat(texts: int, negative: float, hours: int = DAYS * 24, until: int = HOUR - 1) -> dict[int, Cell]:
    """The same counts in each of the ``hours`` before hour ``until``."""
    return {hour: cell(texts, negative) for hour in range(until - hours, until)}


def memory_of(past: Mapping[int, Cell], events: Iterable[Event] = ()) -> Memory:
    """A subject with the hours ``past``, then ``events``, each closed in the minute of its publication."""
    texts = sum(counted[0] for counted in past.values())
    hours = {at: list(counted) for at, counted in past.items()}
    memory = Memory(Trend(texts, min(past, default=None), hours, latest=max(past) * 60 + 59 if past else None))
    for event in sorted(events, key=lambda one: (one.minute, one.text_id)):
        memory.count(event, event.minute)
    return memory


def a_day(kind: AlertKind, settings: ConvergerSettings | None = None) -> float:
    """What one of `GROUPS` groups may raise of ``kind`` a day."""
    return allowed((settings or ConvergerSettings()).false_alarms_a_day, kind, GROUPS, 1)


def found(
    group: Mapping[str, Memory], kind: AlertKind = AlertKind.NEGATIVE_SURGE, end: int = END, **changed: object
) -> Finding | None:
    """What of ``kind`` is unusual about ``group`` at the end of the minute before ``end``."""
    settings = ConvergerSettings().model_copy(update=changed)
    thresholds = Thresholds.firing(settings, kind, a_day(kind, settings))
    return select(kind, refine(evaluate(group, group, kind, end, thresholds), group, end, thresholds))


def kinds(group: Mapping[str, Memory], end: int = END) -> Iterator[AlertKind]:
    """The kinds of which something is found."""
    return (kind for kind in AlertKind if found(group, kind, end) is not None)

"""A subject that should speak and does not: when its silence becomes too unlikely to be chance."""

from collections.abc import Mapping

from consumers.converger.memory import Memory
from consumers.converger.recent import WINDOWS
from consumers.converger.surge import COLD_HOURS

STEP_MINUTES = 15
LONGEST_MINUTES = 3 * 1440
"""A subject that may well be silent for so long is not watched for silence."""
AGAIN_MINUTES = 60
"""How often a silence is looked at again, which may have been part of an outage, until it is `LONGEST_MINUTES` overdue."""
WEEK_HOURS, DAY_HOURS = 168, 24
MORE = 1.0
"""Texts that may come in a stretch in which none came a week before."""
HEARD = 0.25
LEAST_ELSEWHERE = 3.0


def resumes(before: int | None, last: int | None, deadline: int | None) -> bool:
    """Whether the last text, now of minute ``last`` and ``before`` another, moves a ``deadline``.

    The first one of an hour does, as does one that ends a silence that was found.
    """
    if before is None or last is None:
        return last is not None
    return last // 60 != before // 60 or (deadline is None and last - before >= STEP_MINUTES)


def expected(memory: Memory, since: int, until: int) -> float:
    """The texts to expect from minute ``since`` to ``until``: no more than came in the full hours between a week before.

    A rhythm is learned slowly and never believed to be nothing, but nights and weekends are. In the first week it is the day
    before.
    """
    first = memory.trend.first
    back = WEEK_HOURS if first is not None and first <= since // 60 - WEEK_HOURS else DAY_HOURS
    before = memory.trend.between(since // 60 + 1 - back, until // 60 - back).weight
    return min(memory.baseline("texts", since).expected(until, until - since), MORE + before)


def a_day(memory: Memory, since: int, until: int) -> float:
    """How often a day so long a gap would come by chance as that from minute ``since`` to ``until``.

    A gap begins with a text. With m texts expected and shape r, its rate follows as that at which gaps of a process begin
    whose rate is gamma-distributed and which then say nothing: m / (1 + m / r) times P(X = 0), by the length.
    """
    length = until - since
    shape, mean = memory.baseline("texts", since).shape(length), expected(memory, since, until)
    tail = (1 + mean / shape) ** -shape
    return float(tail) * mean / (1 + mean / shape) * 1440 / length


def deadline(memory: Memory, last: int, allowed: float) -> int | None:
    """The minute at which silence since a text in minute ``last`` would come by chance less often than ``allowed`` a day.

    None for a subject that speaks too seldom, or of which too little is known.
    """
    if memory.baseline("texts", last).hours < COLD_HOURS or a_day(memory, last, last + LONGEST_MINUTES) > allowed:
        return None
    low, high = 0, LONGEST_MINUTES // STEP_MINUTES
    while low + 1 < high:
        middle = (low + high) // 2
        if a_day(memory, last, last + middle * STEP_MINUTES) > allowed:
            low = middle
        else:
            high = middle
    return last + high * STEP_MINUTES


def heard_elsewhere(subjects: Mapping[str, Memory], subject: str, end: int, length: int) -> bool:
    """Whether others spoke in the ``length`` minutes before ``end`` in which ``subject`` did not: else there is no data at all.

    Of a longer silence the last hours stand for it, as far back as texts are in memory.

    Of the texts expected of the other entities (or topics) in memory at least `HEARD` must have come; where next to none were
    expected, nothing speaks against them.
    """
    observed = usual = 0.0
    length = min(length, WINDOWS[-1])
    for name, memory in subjects.items():
        if name != subject and "*" in name and memory.heard(end):
            observed += memory.recent.window(end, length).weight
            usual += memory.baseline("texts", end - length).expected(end, length)
    return usual < LEAST_ELSEWHERE or observed >= HEARD * usual

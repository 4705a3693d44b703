"""The share of a stance that its past leads one to expect, and how far a change has raised it."""

from consumers.converger.memory import Memory
from consumers.converger.recent import WINDOWS
from consumers.converger.shares import SHARE, SHARE_TEXTS


def usual(memory: Memory, measure: str, before: int) -> float:
    """The share of ``measure`` in the hours that ended by minute ``before``, all of them together; over 0."""
    part, whole = memory.baseline(measure, before), memory.baseline("texts", before)
    return (SHARE * SHARE_TEXTS + part.mass) / (SHARE_TEXTS + whole.mass)


def raised(memory: Memory, measure: str, before: int, share: float | None) -> float:
    """How many times the usual share ``share`` is, at least once; a ``share`` that is not known is the usual one."""
    return 1.0 if share is None else max(1.0, share / usual(memory, measure, before))


def changing(memory: Memory, measure: str, end: int) -> float:
    """How many times its usual share ``measure`` has while it changes; no window that ends at minute ``end`` is part of it."""
    before = end - WINDOWS[-1]
    change = memory.course(measure, before).change
    return raised(memory, measure, before, None if change is None else change.share)

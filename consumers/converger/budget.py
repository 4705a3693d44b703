"""The user's knob: how many false alarms a day they will bear, all subjects and kinds together.

A tail probability becomes a rate: a window that is tested whenever a text comes is worth so many independent tests in each of
its lengths, and every window length has an equal part of what a subject may cost.
"""

from consumers.converger.recent import WINDOWS
from groundswell.messages import AlertKind

TESTS_A_WINDOW = {"negative": 0.12, "positive": 0.12, "texts": 5.0}
"""Tests in the length of a window that slides, for each measure, as `tests/benchmarks/false_alarms.py` finds them on noise.

A stance has fewer than one, because it has to stand out of the texts as well, and be told by several authors.
"""
PARTS = {
    AlertKind.NEGATIVE_SURGE: 0.6,
    AlertKind.POSITIVE_SURGE: 0.1,
    AlertKind.VOLUME_SURGE: 0.1,
    AlertKind.STANCE_SHIFT: 0.1,
    AlertKind.SILENCE: 0.1,
}
"""Which part of the budget each kind has."""


WHOLE = 0.8
"""Which part of a group's allowance its whole has: one topic of it seldom shows more."""


def alarms_a_day(p_value: float, measure: str, window: int) -> float:
    """How often a day ``measure`` shows by chance what has ``p_value`` in ``window`` minutes, or as much in any window."""
    return p_value * TESTS_A_WINDOW[measure] * 1440 / window * len(WINDOWS)


def allowed(budget: float, kind: AlertKind, groups: int, partitions: int) -> float:
    """False alarms of ``kind`` a day that one of ``groups`` in one of ``partitions`` may raise, of ``budget`` for all."""
    return budget * PARTS[kind] / partitions / max(1, groups)


def shared(subject: str, subjects: int) -> float:
    """The part of its group's allowance that ``subject`` has: most is for the whole of the group, the rest for its topics."""
    if subjects == 1:
        return 1.0
    return WHOLE if subject.startswith("*/") else (1 - WHOLE) / (subjects - 1)

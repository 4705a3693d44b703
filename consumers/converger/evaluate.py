"""Evaluate: what is unusual about the subjects of a happening, by their plain counts.

A group is one happening to be told once: an entity across its topics, or a topic without an entity. Each kind of alert looks
at one measure; what passes here is looked into by `refine`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from consumers.converger.budget import shared
from consumers.converger.memory import Memory
from consumers.converger.silence import a_day, expected
from consumers.converger.surge import Surge, Thresholds, may_pass, surge_of
from groundswell.messages import AlertKind

MEASURES = {
    AlertKind.NEGATIVE_SURGE: "negative",
    AlertKind.POSITIVE_SURGE: "positive",
    AlertKind.VOLUME_SURGE: "texts",
    AlertKind.STANCE_SHIFT: "negative",
    AlertKind.SILENCE: "texts",
}
"""What each kind of alert is about."""


@dataclass(frozen=True)
class Unusual:
    """A subject and its surge that passed the thresholds of the subject's part of the allowance."""

    subject: str
    surge: Surge


def evaluate(
    group: Mapping[str, Memory],
    names: Iterable[str],
    kind: AlertKind,
    end: int,
    thresholds: Thresholds,
    factor: float = 1.0,
) -> Iterator[Unusual]:
    """What is unusual about the subjects ``names`` of ``group`` at the end of the minute before ``end``.

    A stance is expected to have ``factor`` times its share of the past in a window.
    """
    look = {AlertKind.STANCE_SHIFT: _shift, AlertKind.SILENCE: _silence}.get(kind, _windows)
    for subject in sorted(names):
        share = shared(subject, len(group))
        if look is _windows or "*" in subject:  # a topic of an entity neither shifts nor falls silent apart from the whole
            for surge in look(group[subject], MEASURES[kind], end, thresholds, factor):
                if surge.passes(thresholds.of(surge, share)):
                    yield Unusual(subject, surge)


def _windows(memory: Memory, measure: str, end: int, thresholds: Thresholds, factor: float) -> Iterator[Surge]:
    """Each window that ends now and may pass."""
    for length, observed in memory.recent.windows(end).items():
        if may_pass(memory, measure, end, length, observed, thresholds):
            yield surge_of(memory, measure, end, length, observed, factor)


def _shift(memory: Memory, measure: str, end: int, *_: object) -> Iterator[Surge]:
    """The change of share up to the last full hour."""
    found = memory.course(measure, end).change
    if found is not None:
        yield Surge(
            measure, end - found.since * 60, found.share, found.usual, min(1.0, found.a_day / 24), found.a_day, counts=False
        )


def _silence(memory: Memory, measure: str, end: int, *_: object) -> Iterator[Surge]:
    """The time since the last text."""
    last = memory.trend.latest
    if last is not None and last < end - 1:
        rate = a_day(memory, last, end)
        yield Surge(measure, end - last, 0.0, expected(memory, last, end), min(1.0, rate), rate, counts=False)

"""How unusual a window is beside the subject's own past, of which it is no part."""

import math
from dataclasses import dataclass, replace

from consumers.converger.budget import alarms_a_day
from consumers.converger.counts import Counts
from consumers.converger.detector.baseline import Baseline
from consumers.converger.detector.rhythm import HOUR_VARIANCE
from consumers.converger.detector.tails import negative_binomial_tail, share_tail
from consumers.converger.level import raised, usual
from consumers.converger.memory import Memory
from consumers.converger.shares import CONCENTRATION
from consumers.converger.shift import CLEARING_CHANGE, LEAST_CHANGE
from consumers.converger.support import LEANING
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings

LEAST_EXPECTED = 0.3
"""A window is taken to expect at least so much: three texts out of nothing are no surge."""
LEAST_RATIO_BASE = 0.1
LIKELY_VOLUME = 0.01
"""The number of texts adds to the mass only where so many or more are less likely than this."""
LEAST_PRODUCT = 1e-300
UNLIKELY = 0.1
"""It is looked whether a share has settled higher than its past only where a window is less likely than this without it."""
CLEARING = 30.0
"""How many times as often by chance what keeps an alert alive may come as what begins it."""
LIKELY_SHARE = 0.35
"""A stance surges only where its share is in about the upper third of what is usual: more of all is more volume."""
COLD_HOURS = 36.0
COLD_PENALTY = 1e-5
COLD_RATIO = 5.0
"""While less than so much past is known, only the overwhelming counts: a hundred thousand times rarer, five times the usual."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a window must pass to count as a surge; ``texts`` and ``authors`` lean to it, ``a_day`` is in false alarms a day."""

    a_day: float
    texts: float
    authors: int
    ratio: float
    share: float = LIKELY_SHARE
    change: float = -math.inf
    """By how much what is observed must be over what is expected: points of share, of a shift alone."""

    @classmethod
    def firing(cls, settings: ConvergerSettings, kind: AlertKind, a_day: float) -> "Thresholds":
        """The thresholds above which an alert of ``kind`` begins; what is no count has no least number of texts or ratio."""
        if kind in {AlertKind.STANCE_SHIFT, AlertKind.SILENCE}:
            return cls(a_day, 0.0, 0, 0.0, change=LEAST_CHANGE if kind == AlertKind.STANCE_SHIFT else -math.inf)
        return cls(a_day, settings.min_texts, settings.min_authors, settings.min_ratio)

    @property
    def mass(self) -> float:
        """What so many texts that lean to a stance weigh of it at least."""
        return self.texts * LEANING

    def clearing(self) -> "Thresholds":
        """The lower thresholds under which it ends: an alert near the edge must not flap."""
        ratio = (1 + self.ratio) / 2 if self.ratio else 0.0
        change = min(self.change, CLEARING_CHANGE)
        return Thresholds(self.a_day * CLEARING, self.texts, min(1, self.authors), ratio, 0.5, change)

    def of(self, surge: "Surge", share: float) -> "Thresholds":
        """The thresholds of ``surge``, of a subject with ``share`` of what windows are allowed: all else is of the whole."""
        return replace(self, a_day=self.a_day * share) if surge.counts else self


@dataclass(frozen=True, slots=True)
class Surge:
    """One window beside its past: masses in texts, the window in minutes, the tail probability of so much or more.

    ``a_day`` is how often a day so much would come by chance; ``cold`` says that the past is too short to judge by.
    ``measure`` is negative, positive or texts; for a shift ``observed`` and ``expected`` are shares.
    """

    measure: str
    window: int
    observed: float
    expected: float
    p_value: float
    a_day: float
    cold: bool = False
    counts: bool = True
    """Whether a window of counts was tested."""
    factor: float = 1.0
    """How many times its past share the stance was expected to have."""
    share_p_value: float | None = None
    """The probability of so large a share of the stance; None where the test did not need it."""

    @property
    def ratio(self) -> float:
        """Observed to expected, with a floor so that a silent past gives no infinity."""
        return ratio(self.observed, self.expected)

    def passes(self, thresholds: Thresholds) -> bool:
        """Whether the window is over all thresholds but those on share, texts and authors: it has the mass of so many texts."""
        if self.cold and self.measure == "texts":
            return False  # of what is not known yet it cannot be said that there is more of it
        return (
            self.observed >= thresholds.mass
            and self.observed - self.expected >= thresholds.change
            and self.ratio >= (max(COLD_RATIO, thresholds.ratio) if self.cold else thresholds.ratio)
            and self.a_day <= thresholds.a_day * (COLD_PENALTY if self.cold else 1.0)
        )


def ratio(observed: float, expected: float) -> float:
    """See ``Surge.ratio``."""
    return observed / max(expected, LEAST_RATIO_BASE)


def may_pass(memory: Memory, measure: str, end: int, length: int, observed: Counts, thresholds: Thresholds) -> bool:
    """Whether the surge test of ``observed`` may pass: what its own past says is the least that any test expects.

    Most windows end here, at a fraction of the cost of a test.
    """
    mass, before = observed.mass(measure), end - length
    if mass < thresholds.mass:
        return False
    return ratio(mass, expected_of(memory.baseline(measure, before), end, length)) >= thresholds.ratio


def expected_of(behind: Baseline, end: int, length: int) -> float:
    """What a window is taken to expect: what its past says, with a floor."""
    return max(behind.expected(end, length), LEAST_EXPECTED)


def shape_of(behind: Baseline, length: int) -> float:
    """The negative binomial's shape for a window: while no day was seen whole, its hours may differ as those of a day do."""
    shape = behind.shape(length)
    return 1 / (1 / shape + HOUR_VARIANCE) if behind.hours < COLD_HOURS else shape


def surge_of(memory: Memory, measure: str, end: int, length: int, observed: Counts, factor: float = 1.0) -> Surge:
    """The surge test of ``observed``, the counts of the ``length`` minutes before ``end``, beside what came before them.

    A stance is expected to have ``factor`` times its share of the past, or more where its share has settled higher by now.
    """
    found = _tested(memory, measure, end, length, observed, factor)
    if measure == "texts" or found.p_value > UNLIKELY:
        return found
    settled = raised(memory, measure, end - length, memory.course(measure, end).settled)
    return _tested(memory, measure, end, length, observed, settled) if settled > factor else found


def _tested(memory: Memory, measure: str, end: int, length: int, observed: Counts, factor: float) -> Surge:
    """The surge test where a stance is expected to have ``factor`` times its share of the past.

    The mass of a stance is unusual by itself, or the number of texts and the share of the stance are together (Fisher's
    method for two independent tests, 1925: q (1 - ln q) of their product q). The lesser of both counts, twice.
    """
    before, mass, share = end - length, observed.mass(measure), None
    behind, texts = memory.baseline(measure, before), memory.baseline("texts", before)
    expected, all_texts = expected_of(behind, end, length), expected_of(texts, end, length)
    if factor > 1:  # the rhythm of the mass is that of its old share
        expected = max(expected, all_texts * usual(memory, measure, before) * factor)
    shape = min(shape_of(behind, length), shape_of(texts, length))  # moods of a subject move all its stances
    tail = negative_binomial_tail(mass, expected, shape)
    if measure != "texts":
        volume = negative_binomial_tail(observed.weight, all_texts, shape_of(texts, length))
        if volume < LIKELY_VOLUME:
            share = share_p_value(memory, measure, before, observed, factor)
            product = max(volume * share, LEAST_PRODUCT)
            tail = min(tail, product * (1 - math.log(product)))
        tail = min(1.0, 2 * tail)
    rate, cold = alarms_a_day(tail, measure, length), behind.hours < COLD_HOURS
    return Surge(measure, length, mass, expected, tail, rate, cold, factor=factor, share_p_value=share)


def share_p_value(memory: Memory, measure: str, before: int, observed: Counts, factor: float = 1.0) -> float:
    """The probability that so large a part of ``observed`` or more has ``measure``, after the hours before ``before``.

    The share is taken to be ``factor`` times that of those hours.
    """
    if measure == "texts":
        return 0.0
    share = min(max(usual(memory, measure, before) * factor, 0.01), 0.99)
    return share_tail(observed.mass(measure), observed.weight, share, CONCENTRATION)

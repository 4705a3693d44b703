"""How unusual a window is beside the subject's own past, of which it is no part.

A negative-binomial tail tells it for the mass of a stance, a binomial tail for its share.

The hourly mass of a stance is taken as Poisson with a gamma-distributed rate, which makes the count of a window negative
binomial (Greenwood and Yule 1920): mean from the exponentially weighted past times the hour-of-day factor, shape from a
constant that holds for news and posts, smaller while the past is short.
"""

import math
from dataclasses import dataclass

from scipy.special import betainc

from consumers.converger.trend import WINDOWS, Counts, Trend
from groundswell.settings import ConvergerSettings

HALF_LIFE_HOURS = 120.0
SHAPE = 4.0
"""Shape of the gamma rate: an hour's rate varies by half of its mean, rhythm and moods together."""
LEARNING_HOURS = 48
PRIOR_MASS = 1.0
PRIOR_HOURS = 2.0
RHYTHM_WEIGHT = 10.0
"""Mass that an hour of the day needs before it may differ much from the others."""
PRIOR_SHARE = 0.3
PRIOR_TEXTS = 4.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a window must pass to count as a surge; masses in texts."""

    p_value: float
    texts: float
    authors: int
    ratio: float
    share_p_value: float = 1e-2

    @classmethod
    def firing(cls, settings: ConvergerSettings) -> "Thresholds":
        """The thresholds above which an alert begins."""
        return cls(settings.p_value, settings.min_texts, settings.min_authors, settings.min_ratio)

    def clearing(self) -> "Thresholds":
        """The lower thresholds under which it ends: an alert near the edge must not flap."""
        return Thresholds(math.sqrt(self.p_value), self.texts / 2, 1, (1 + self.ratio) / 2, 0.5)


@dataclass(frozen=True, slots=True)
class Surge:
    """One window beside its past: masses in texts, the window in minutes, the tail probability of so much or more."""

    stance: str
    window: int
    observed: float
    expected: float
    p_value: float
    share_p_value: float

    @property
    def ratio(self) -> float:
        """Observed to expected, with a floor so that a silent past gives no infinity."""
        return self.observed / max(self.expected, 0.1)

    def passes(self, thresholds: Thresholds) -> bool:
        """Whether the window is over all thresholds but that on authors."""
        return (
            self.observed >= thresholds.texts
            and self.ratio >= thresholds.ratio
            and self.p_value <= thresholds.p_value
            and self.share_p_value <= thresholds.share_p_value
        )


def negative_binomial_tail(observed: float, mean: float, shape: float) -> float:
    """P(X >= ``observed``) for a negative binomial of ``mean`` and ``shape``.

    By the regularised incomplete beta function, I_{m/(m+r)}(x, r), which also takes masses that are no whole numbers.
    """
    if observed <= 0:
        return 1.0
    return float(betainc(observed, shape, mean / (mean + shape)))


def share_tail(part: float, whole: float, share: float) -> float:
    """P(X >= ``part``) of a binomial of ``whole`` trials and probability ``share``, continuous in both."""
    if part <= 0 or whole <= 0:
        return 1.0
    return float(betainc(part, max(whole - part, 0.0) + 1.0, share))


@dataclass(frozen=True, slots=True)
class Past:
    """What the past says about one stance: mass an hour, share of texts, weighted hours, mass by hour of day."""

    level: float
    share: float
    hours: float
    by_hour: tuple[float, ...]

    def expected(self, end: int, length: int) -> float:
        """Mass to expect in the ``length`` minutes before minute ``end``."""
        hours = range((end - length) // 60, (end - 1) // 60 + 1)
        total = 0.0
        for hour in hours:
            minutes = min(end, hour * 60 + 60) - max(end - length, hour * 60)
            total += self.level * self._rhythm(hour % 24) * minutes / 60
        return total

    def _rhythm(self, hour: int) -> float:
        usual = self.level * self.hours / 24
        return (RHYTHM_WEIGHT + self.by_hour[hour]) / (RHYTHM_WEIGHT + usual)

    @property
    def shape(self) -> float:
        """The negative binomial's shape, smaller (a heavier tail) while there is little past."""
        return SHAPE * max(0.1, min(1.0, self.hours / (LEARNING_HOURS * 0.8)))


def past(trend: Trend, stance: str, before: int, origin: int) -> Past:
    """The past of ``trend`` in the hours that ended by minute ``before``; empty hours since ``origin`` count as zero."""
    last = before // 60
    decay = 0.5 ** (1 / HALF_LIFE_HOURS)
    span = max(0, last - origin // 60)
    hours = (1 - decay**span) / (1 - decay)
    mass = texts = 0.0
    by_hour = [0.0] * 24
    for hour, counts in trend.hourly(before):
        weight = decay ** (last - 1 - hour)
        part = weight * counts.mass(stance)
        mass += part
        texts += weight * counts.texts
        by_hour[hour % 24] += part
    level = (PRIOR_MASS + mass) / (PRIOR_HOURS + hours)
    share = (PRIOR_SHARE * PRIOR_TEXTS + mass) / (PRIOR_TEXTS + texts)
    return Past(level, min(share, 0.99), hours, tuple(by_hour))


def test(behind: Past, stance: str, end: int, length: int, observed: Counts) -> Surge:
    """The surge test of ``observed``, the counts of the ``length`` minutes before ``end``.

    The tail is multiplied by the number of windows looked at (Bonferroni).
    """
    expected = behind.expected(end, length)
    mass = observed.mass(stance)
    tail = negative_binomial_tail(mass, expected, behind.shape) * len(WINDOWS)
    return Surge(stance, length, mass, expected, min(1.0, tail), share_tail(mass, observed.texts, behind.share))

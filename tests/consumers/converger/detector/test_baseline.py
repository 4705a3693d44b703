"""What the past is taken for: its level, its rhythm, its dispersion, and what it is not moved by."""

import numpy as np
import pytest

from consumers.converger.detector.baseline import Baseline
from consumers.converger.detector.tails import negative_binomial_tail

ORIGIN = 494_016
"""The first hour of a day."""
DAYS = 28
END = ORIGIN + DAYS * 24


def tail(baseline: Baseline, end_hour: int, observed: float) -> float:
    """The tail probability of ``observed`` in the hour before ``end_hour``."""
    return negative_binomial_tail(observed, baseline.expected(end_hour * 60, 60), baseline.shape(60))


def test_a_flat_past_is_expected_to_go_on() -> None:
    baseline = Baseline.of(np.full(DAYS * 24, 5.0), ORIGIN)
    assert baseline.expected(END * 60 + 15, 15) == pytest.approx(1.25, rel=0.02)
    assert baseline.expected(END * 60 + 360, 360) == pytest.approx(30, rel=0.02)


def test_a_flat_past_can_still_be_surged_over() -> None:
    baseline = Baseline.of(np.full(DAYS * 24, 5.0), ORIGIN)
    assert tail(baseline, END + 1, 40) < 1e-9


def test_three_after_silence_are_not_unusual_but_forty_after_200_silent_hours_are() -> None:
    assert tail(Baseline.of(np.zeros(3), ORIGIN), ORIGIN + 4, 3) > 1e-3
    assert tail(Baseline.of(np.zeros(200), ORIGIN), ORIGIN + 201, 40) < 1e-20


def test_the_same_burst_every_day_is_learned() -> None:
    counts = np.zeros((7, 24))
    counts[:, 9] = 40
    baseline = Baseline.of(counts.ravel(), ORIGIN)
    assert tail(baseline, ORIGIN + 168 + 10, 40) > 0.02
    assert tail(baseline, ORIGIN + 168 + 16, 40) < 1e-9


def test_a_burst_of_every_monday_is_learned_in_weeks() -> None:
    counts = np.full((4, 7, 24), 4.0)
    counts[:, 2, 15] = 24
    baseline = Baseline.of(counts.ravel(), ORIGIN)
    monday, tuesday = (baseline.expected((END + day * 24 + 16) * 60, 60) for day in (2, 3))
    assert monday > 1.25 * tuesday


def test_one_surge_is_no_rhythm_and_no_level() -> None:
    counts = np.full(DAYS * 24, 2.0)
    surged = counts.copy()
    surged[300] = 1_000
    before, after = (Baseline.of(one, ORIGIN) for one in (counts, surged))
    assert after.level < 1.05 * before.level
    assert after.rhythm.max() < 3


def test_a_short_past_gives_heavier_tails() -> None:
    shapes = [Baseline.of(np.full(hours, 3.0), ORIGIN).shape(60) for hours in (0, 1, 6, 48, 480)]
    assert shapes == sorted(shapes)
    assert len(set(shapes)) == len(shapes)


def test_dispersion_is_found() -> None:
    rng = np.random.default_rng(6)
    calm, moody = rng.poisson(10, DAYS * 24), rng.negative_binomial(2, 2 / 12, DAYS * 24)
    shapes = [Baseline.of(one.astype(float), ORIGIN).shape(60) for one in (calm, moody)]
    assert shapes[0] > 10
    assert 1.2 < shapes[1] < 3

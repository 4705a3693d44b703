"""Scores beside their own past's daily maxima, and the false alarms that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.detector.returns import (
    LEAST_MAXIMUM,
    PRIOR_MAXIMUM,
    TypicalMaximum,
    false_alarms,
    ratios,
    score,
    threshold,
)


def test_the_typical_maximum_is_learned() -> None:
    typical = TypicalMaximum()
    assert typical.value == PRIOR_MAXIMUM
    for _ in range(200):
        typical.add(8.0)
    assert typical.value == pytest.approx(8, rel=0.01)


def test_one_surge_hides_no_other() -> None:
    typical = TypicalMaximum()
    for _ in range(20):
        typical.add(3.0)
    typical.add(1_000.0)
    assert typical.value < 3.3


def test_silence_is_not_taken_for_less_than_the_least() -> None:
    typical = TypicalMaximum()
    for _ in range(100):
        typical.add(0.0)
    assert typical.value == LEAST_MAXIMUM


def test_a_day_is_compared_with_the_days_before_it_alone() -> None:
    scores, days = np.array([3.0, 6.0, 3.0, 3.0]), np.array([0, 0, 1, 1])
    found = ratios(scores, days)
    assert found[:2] == pytest.approx(scores[:2] / PRIOR_MAXIMUM)
    assert found[2] == found[3] < found[0]


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_greater_ratio_is_rarer_and_scores_more(ratio: float, more: float) -> None:
    low, high = np.array(ratio), np.array(ratio + more)
    assert false_alarms(high) <= false_alarms(low)
    assert 0 <= score(low) <= score(high) <= 1


def test_the_threshold_of_a_budget_is_passed_that_often() -> None:
    ratio = np.linspace(0.5, 1.6, 50)
    assert np.array_equal(score(ratio) >= threshold(0.1), false_alarms(ratio) <= 0.1)

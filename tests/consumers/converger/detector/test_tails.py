"""The tails beside those of scipy where counts are whole, and their order where they are not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import betabinom, nbinom

from consumers.converger.detector.tails import negative_binomial_tail, share_tail, surprise

masses = st.floats(0.01, 500.0)
shapes = st.floats(0.05, 100.0)
shares = st.floats(0.01, 0.99)


@given(st.integers(1, 300), masses, shapes)
def test_the_count_tail_is_scipys(observed: int, mean: float, shape: float) -> None:
    theirs = float(nbinom.sf(observed - 1, shape, shape / (shape + mean)))
    assert negative_binomial_tail(observed, mean, shape) == pytest.approx(theirs, rel=1e-6, abs=1e-280)


@given(st.integers(1, 400), st.integers(0, 400), shares, st.floats(0.5, 500.0))
def test_the_share_tail_is_scipys(part: int, rest: int, share: float, concentration: float) -> None:
    theirs = float(betabinom.sf(part - 1, part + rest, share * concentration, (1 - share) * concentration))
    assert share_tail(part, part + rest, share, concentration) == pytest.approx(theirs, rel=1e-4, abs=1e-10)


@given(masses, masses, masses, shapes)
def test_more_is_never_less_unusual(observed: float, more: float, mean: float, shape: float) -> None:
    tail = negative_binomial_tail(observed, mean, shape)
    assert 0 <= negative_binomial_tail(observed + more, mean, shape) <= tail <= 1
    assert surprise(observed + more, mean, shape) >= surprise(observed, mean, shape) >= 0


@given(masses, masses, masses, shapes)
def test_what_was_expected_makes_it_less_unusual(observed: float, mean: float, more: float, shape: float) -> None:
    assert negative_binomial_tail(observed, mean + more, shape) >= negative_binomial_tail(observed, mean, shape)


@given(masses, masses, masses, shares, st.floats(0.5, 500.0))
def test_a_greater_part_of_the_whole_is_never_less_unusual(
    part: float, more: float, rest: float, share: float, concentration: float
) -> None:
    whole = part + more + rest
    tail = share_tail(part, whole, share, concentration)
    assert 0 <= share_tail(part + more, whole, share, concentration) <= tail + 1e-7 <= 1 + 1e-7


def test_nothing_is_not_unusual() -> None:
    assert negative_binomial_tail(0, 3, 2) == share_tail(0, 5, 0.2, 10) == share_tail(0, 0, 0.2, 10) == 1
    assert surprise(0, 3, 2) == 0


def test_the_surprise_goes_on_where_floats_end() -> None:
    near, far, farther = surprise(np.array([1_000.0, 10_000.0, 100_000.0]), 2.0, 3.0)
    assert near == pytest.approx(-logsumexp(nbinom.logpmf(np.arange(1_000, 3_000), 3, 3 / 5)) / math.log(10), rel=1e-3)
    assert 300 < near < far / 8 < farther / 64 < math.inf


def test_five_of_five_are_not_unusual_but_180_of_300_are() -> None:
    assert share_tail(5, 5, 0.2, 20) > 1e-3
    assert share_tail(180, 300, 0.2, 20) < 1e-3

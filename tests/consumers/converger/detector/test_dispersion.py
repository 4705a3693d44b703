"""Dispersion beside what the counts were drawn with."""

import numpy as np
import pytest

from consumers.converger.detector.baseline import Baseline
from consumers.converger.detector.dispersion import LOWEST, PRIOR, dispersion, over


@pytest.mark.parametrize("alpha", [0.1, 0.5, 2.0])
def test_it_is_that_of_the_draw(alpha: float) -> None:
    rng = np.random.default_rng(6)
    mean = rng.uniform(5, 50, 5_000)
    observed = rng.poisson(mean * rng.gamma(1 / alpha, alpha, 5_000))
    assert dispersion(observed, mean, np.ones(5_000)) == pytest.approx(alpha, rel=0.15)


def test_calm_counts_have_the_lowest() -> None:
    assert dispersion(np.full(5_000, 10.0), np.full(5_000, 10.0), np.ones(5_000)) == LOWEST


def test_where_nothing_is_expected_nothing_is_learned() -> None:
    assert dispersion(np.zeros(500), np.full(500, 1e-6), np.ones(500)) == pytest.approx(PRIOR, rel=0.01)


@pytest.mark.parametrize("rate", [2.0, 10.0])
@pytest.mark.parametrize("days", [7, 28])
def test_a_rhythm_learned_of_the_same_cells_makes_it_no_smaller(rate: float, days: int) -> None:
    rng, hours = np.random.default_rng(8), days * 24
    rhythm = 1 + 0.6 * np.sin(np.arange(hours) / 24 * 2 * np.pi)
    drawn = [rng.poisson(rate * rhythm * rng.gamma(8, 1 / 8, hours)) for _ in range(20)]
    alphas = [Baseline.of(one.astype(float), 0).alpha for one in drawn]
    assert 0.08 < float(np.median(alphas)) < 0.25


def test_a_cell_that_is_what_is_expected_of_it_tells_nothing() -> None:
    observed = np.array([0.0, 40.0, 3.0])
    assert dispersion(observed, observed + 1e-3, np.ones(3), 1 / (observed + 1e-3)) == pytest.approx(PRIOR)


def test_longer_windows_vary_less_but_more_than_without_memory() -> None:
    assert 0.5 / 6 < over(0.5, 6) < 0.5 < over(0.5, 0.25)

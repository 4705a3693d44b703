"""Dispersion beside what the counts were drawn with."""

import numpy as np
import pytest

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


def test_longer_windows_vary_less_but_more_than_without_memory() -> None:
    assert 0.5 / 6 < over(0.5, 6) < 0.5 < over(0.5, 0.25)

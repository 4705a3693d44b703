"""Factors of the week: found where there is enough to see, flat where there is not."""

import numpy as np
import pytest

from consumers.converger.detector.rhythm import factors

WEEKS = 4.0


def found(rates: np.ndarray, weeks: float = WEEKS, alpha: float = 0.5) -> np.ndarray:
    """The factors where each hour of ``weeks`` weeks held its rate, (7, 24)."""
    cells = np.full(168, weeks)
    level = float(rates.mean())
    return factors(rates.ravel() * weeks, cells, level, alpha, 24)[0].reshape(7, 24)


def test_a_flat_week_has_factors_of_one() -> None:
    assert found(np.full((7, 24), 5.0)) == pytest.approx(np.ones((7, 24)))


def test_the_hours_of_the_day_are_found() -> None:
    rates = np.tile(np.r_[np.full(12, 2.0), np.full(12, 18.0)], (7, 1))
    assert found(rates)[3, [0, 23]] == pytest.approx([0.2, 1.8], abs=0.08)


def test_the_days_of_the_week_are_found() -> None:
    rates = np.full((7, 24), 10.0)
    rates[5:] = 2
    shares = found(rates) * rates.mean()
    assert shares[0, 0] == pytest.approx(10, rel=0.15)
    assert shares[6, 0] == pytest.approx(2, rel=0.5)


def test_next_to_nothing_shrinks_to_a_flat_week() -> None:
    rates = np.zeros((7, 24))
    rates[2, 9] = 1.0
    assert found(rates, weeks=1.0).max() < 3


def test_more_weeks_are_believed_more() -> None:
    rates = np.full((7, 24), 5.0)
    rates[1, 15] = 50
    few, many = (found(rates, weeks)[1, 15] for weeks in (1.0, 20.0))
    assert 1 < few < many


def test_how_far_a_factor_follows_its_own_mass_is_its_slope() -> None:
    mass, cells = np.random.default_rng(3).poisson(20.0, 168).astype(float), np.full(168, 4.0)
    usual, follows = factors(mass, cells, 5.0, 0.5, 24)
    for place in (0, 50, 167):
        more = mass.copy()
        more[place] += 0.01
        slope = np.log(factors(more, cells, 5.0, 0.5, 24)[0][place] / usual[place]) / 0.01
        assert follows[place] == pytest.approx(slope, rel=0.35)

"""Windows that end with each row: how long they are, and what they tell of gaps and of too short a past."""

import numpy as np
import pytest

from consumers.converger.detector.cells import Cells
from consumers.converger.detector.expected import Expected
from consumers.converger.detector.windows import rows_of, surprises

BEGIN = 27_000_000.0


def surprise_of(minutes: np.ndarray, counts: np.ndarray, rows: int) -> np.ndarray:
    cells = Cells(minutes, counts, 5)
    return surprises(minutes, counts, Expected.of(cells, 72, lambda _rows: None), cells, rows)


@pytest.mark.parametrize(
    ("step", "rows"),
    [(1, [5, 10, 15, 30, 60, 120, 240, 360]), (5, [1, 2, 3, 6, 12, 24, 48, 72]), (60, [1, 2, 4, 6]), (1440, [1])],
)
def test_lengths_are_rows_of_the_series(step: float, rows: list[int]) -> None:
    assert rows_of(step) == rows


def test_a_longer_window_sees_a_burst_longer() -> None:
    counts = np.full(2_000, 5.0)
    counts[1_500] = 100
    minutes = BEGIN + 5 * np.arange(2_000)
    short, long = (surprise_of(minutes, counts, rows) for rows in (1, 12))
    assert np.flatnonzero(short[1_000:] > 1).tolist() == [500]
    assert np.flatnonzero(long[1_000:] > 0.8).tolist() == list(range(500, 512))


def test_rows_that_are_missing_are_not_expected() -> None:
    minutes = BEGIN + 5 * np.arange(2_000)
    there = np.arange(2_000) % 12 != 5
    found = surprise_of(minutes[there], np.full(there.sum(), 5.0), 12)
    assert np.ptp(found[-500:]) < 0.2


def test_the_first_cell_has_nothing_to_be_compared_with() -> None:
    found = surprise_of(BEGIN + 5 * np.arange(100), np.full(100, 50.0), 1)
    assert not found[:12].any()
    assert found[12:].all()


def test_an_hour_of_which_half_was_seen_counts_half_at_its_whole_rate() -> None:
    minutes = BEGIN + 5 * np.arange(2_000)
    there = (np.arange(2_000) < 12 * 60) | (np.arange(2_000) % 12 < 6)
    cells = Cells(minutes[there], np.full(there.sum(), 5.0), 5)
    weights = 0.5 ** (np.arange(160)[::-1] / 336)
    past = cells.before(cells.first + 160)
    assert past.level == pytest.approx(60, rel=0.03)
    assert past.hours == pytest.approx(weights[:60].sum() + weights[60:].sum() / 2)

"""The cells of a past: never shorter than an hour, in step with day and week where they can be."""

import pytest

from consumers.converger.detector.grid import HOURLY, Grid


@pytest.mark.parametrize("step", [0.5, 5, 60])
def test_cells_are_hours_where_counts_come_hourly_or_more_often(step: float) -> None:
    assert Grid.for_step(step) == HOURLY == Grid(60, 24, 168)


def test_longer_steps_have_longer_cells() -> None:
    assert Grid.for_step(360) == Grid(360, 4, 28)
    assert Grid.for_step(1440) == Grid(1440, 1, 7)


def test_cells_that_do_not_end_with_a_day_have_no_rhythm() -> None:
    assert Grid.for_step(7 * 60) == Grid(420, 1, 1)


def test_a_memory_is_of_four_weeks_or_of_56_cells() -> None:
    assert HOURLY.memory == 672
    assert Grid.for_step(7 * 1440).memory == 56

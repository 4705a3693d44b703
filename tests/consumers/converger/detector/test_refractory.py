"""One detection a happening."""

import numpy as np

from consumers.converger.detector.refractory import DOUBTFUL, onsets
from consumers.converger.detector.returns import LARGEST


def begins(*rows: tuple[float, float]) -> list[bool]:
    """Of rows of a time in days and a ratio, which begin something."""
    days, ratios = np.array(rows).T
    return [bool(one) for one in onsets(ratios, days)]


def test_what_comes_soon_after_its_equal_begins_nothing() -> None:
    assert begins((0, 1.5), (0.1, 1.5), (0.5, 1.6)) == [True, False, False]


def test_a_day_later_it_does() -> None:
    assert begins((0, 1.5), (1.1, 1.5), (1.3, 1.5)) == [True, False, True]


def test_something_far_greater_does_at_once() -> None:
    assert begins((0, 0.5), (0.01, 1.5)) == [True, True]


def test_what_is_in_doubt_hides_nothing_that_is_sure() -> None:
    assert begins((0, DOUBTFUL - 0.01), (0.01, DOUBTFUL), (0.02, LARGEST)) == [True, False, True]


def test_what_is_hardly_in_doubt_and_grows_is_told_once() -> None:
    assert begins((0, DOUBTFUL + 0.01), (0.01, LARGEST)) == [True, False]


def test_nothing_is_no_beginning() -> None:
    assert begins((0, 0.0), (1, 0.0)) == [False, False]

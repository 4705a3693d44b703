"""Drift: none between equal mixes, more the further they are apart, and windows that forget."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.drift import Window, stability_index

counts = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 1000), min_size=1)


def shares(found: dict[str, int]) -> dict[str, float]:
    return {part: count / sum(found.values()) for part, count in found.items()}


@given(counts, counts)
def test_the_index_is_never_negative_and_the_same_both_ways(one: dict[str, int], other: dict[str, int]) -> None:
    there, back = stability_index(shares(one), shares(other)), stability_index(shares(other), shares(one))
    assert there >= 0
    assert there == pytest.approx(back)


def test_equal_mixes_have_no_drift() -> None:
    assert stability_index({"a": 0.3, "b": 0.7}, {"a": 0.3, "b": 0.7}) == 0


def test_the_index_is_that_of_its_formula() -> None:
    expected = 0.2 * math.log(0.7 / 0.5) - 0.2 * math.log(0.3 / 0.5)
    assert stability_index({"a": 0.7, "b": 0.3}, {"a": 0.5, "b": 0.5}) == pytest.approx(expected)


def test_a_part_that_one_side_lacks_counts_and_stays_finite() -> None:
    assert 0.25 < stability_index({"a": 0.5, "b": 0.5}, {"a": 1.0}) < 10


def test_a_window_says_nothing_before_a_quarter_of_its_texts_have_come() -> None:
    window = Window(8)
    window.add({"a": 1.0})
    assert window.mix() is None
    window.add({"b": 1.0})
    assert window.mix() is not None


def test_a_window_forgets() -> None:
    window = Window(10)
    for part in "a" * 100 + "b" * 100:
        window.add({part: 1.0})
    mix = window.mix()
    assert mix is not None
    assert mix["b"] > 0.99

"""Calibration error: confidence against accuracy, worked out by hand."""

import numpy as np
import pytest

from model.judge.calibration_error import calibration_error, reliability


def test_a_pack_as_confident_as_right_has_no_error() -> None:
    shares = np.array([[0.75, 0.25]] * 4)
    right = np.array([[True, False]] * 3 + [[False, True]])
    assert calibration_error(shares, right) == pytest.approx(0)


def test_the_error_is_the_gap_of_each_bin_weighted_by_its_texts() -> None:
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    right = np.array([[True, False], [False, True], [True, False], [True, False]])
    assert calibration_error(shares, right) == pytest.approx((0.4 + 0.4) / 2)


def test_certainty_and_the_edges_of_bins_have_their_places() -> None:
    shares = np.array([[1.0, 0.0], [0.6, 0.4]])
    bins = reliability(shares, np.array([[True, False], [True, False]]))
    assert [one.high for one in bins] == pytest.approx([9 / 15, 1.0])


def test_where_several_labels_may_hold_the_most_probable_counts() -> None:
    bins = reliability(np.array([[0.2, 0.7]]), np.array([[True, True]]))
    assert (bins[0].accuracy, bins[0].confidence) == (1.0, 0.7)

"""Calibration: sets of topics that hold what they say they hold."""

import numpy as np
import pytest

from model.calibrate import LEAST, thresholds
from model.card import Conformal, Group
from model.data import Example

EVENTS = Group(name="event", kind="softmax", labels=("forged", "none"), topics={"forged": ("fraud",)})
NEWS = Group(name="news", kind="sigmoid", labels=("oil", "bank"), topics={"oil": ("energy",), "bank": ("liquidity",)})


def fitted(held: np.ndarray, shares: np.ndarray) -> Conformal:
    """The thresholds from rows of which labels ``held``, both (rows, 2), of the news group."""
    rows = [Example(str(i), {"news": tuple(map(float, row))}, {"news": 1.0}) for i, row in enumerate(held)]
    return thresholds(rows, {"news": shares}, (NEWS,), 0.9)


def kept(shares: np.ndarray, conformal: Conformal) -> np.ndarray:
    return shares >= [conformal.threshold_of("energy"), conformal.threshold_of("liquidity")]


def test_nine_of_ten_new_texts_keep_their_right_topic() -> None:
    draw = np.random.default_rng(1)
    rows = [Example(str(i), {"event": (1.0, 0.0)}, {"event": 1.0}) for i in range(500)]
    known, new = draw.beta(4, 2, 500), draw.beta(4, 2, 5_000)
    conformal = thresholds(rows, {"event": np.stack([known, 1 - known], axis=1)}, (EVENTS,), 0.9)
    assert conformal.rows == 500
    assert float((new >= conformal.threshold_of("fraud")).mean()) == pytest.approx(0.9, abs=0.03)


def test_topics_of_few_texts_are_kept_as_often_as_others() -> None:
    draw = np.random.default_rng(5)
    held, new = np.repeat([[1, 0], [0, 1]], 25, axis=0), draw.beta(4, 2, (2_000, 2))
    rates = [kept(new, fitted(held, draw.beta(4, 2, (50, 2)))).mean() for _ in range(200)]
    assert 0.9 <= np.mean(rates) < 0.94


def test_a_topic_that_is_hard_to_see_is_kept_as_often_as_an_easy_one() -> None:
    draw = np.random.default_rng(2)
    held = np.repeat([[1, 0], [0, 1]], 500, axis=0)
    shares = np.stack([draw.beta(8, 2, 1_000), draw.beta(4, 3, 1_000)], axis=1)
    for topic, rate in enumerate(kept(shares, fitted(held, shares))[held.astype(bool)].reshape(2, 500).mean(axis=1)):
        assert rate == pytest.approx(0.9, abs=0.02), topic


def test_a_text_with_two_right_topics_keeps_both_as_often() -> None:
    draw = np.random.default_rng(3)
    held, shares = np.ones((1_000, 2), dtype=int), draw.beta(4, 2, (1_000, 2))
    assert kept(shares, fitted(held, shares)).all(axis=1).mean() == pytest.approx(0.9, abs=0.02)


def test_a_topic_with_few_texts_has_no_threshold_of_its_own() -> None:
    draw = np.random.default_rng(4)
    held = np.repeat([[1, 0], [0, 1]], [500, 5], axis=0)
    conformal = fitted(held, draw.beta(4, 2, (505, 2)))
    assert set(conformal.topics) == {"energy"}
    assert conformal.threshold == pytest.approx(conformal.topics["energy"], abs=0.05)


def test_what_is_less_probable_than_one_in_five_is_no_reading() -> None:
    held = np.repeat([[1, 0], [0, 1]], 500, axis=0)
    shares = np.random.default_rng(3).beta(1, 20, (1_000, 2))
    found = fitted(held, shares)
    assert {found.threshold, *found.topics.values()} == {LEAST}


def test_without_texts_that_have_topics_every_topic_is_kept() -> None:
    assert fitted(np.zeros((3, 2), dtype=int), np.full((3, 2), 0.2)) == Conformal(coverage=0.9, threshold=0.0, rows=0)

"""Sets of stances: each holds the right one as often as it says, whichever that is."""

import numpy as np
import pytest

from model.card import STANCES, StanceSets
from model.data import Example
from model.stance_sets import fitted, kept_stances, threshold


def drawn(draw: np.random.Generator, counts: tuple[int, int, int]) -> tuple[list[Example], np.ndarray]:
    """Texts of so many of each stance, and shares of a reader to whom neutral looks much like the others."""
    right = np.repeat(np.arange(3), counts)
    logits = draw.normal(size=(len(right), 3)) + np.eye(3)[right] * np.array([[2.5], [0.5], [1.5]])[right]
    raised = np.exp(logits)
    rows = [Example(str(i), {"stance": tuple(np.eye(3)[stance])}, {"stance": 1.0}) for i, stance in enumerate(right)]
    return rows, raised / raised.sum(axis=1, keepdims=True)


def coverages(sets: StanceSets | None, rows: list[Example], shares: np.ndarray) -> dict[str, float]:
    """How often each stance is in the sets of the texts in which it is right."""
    held: dict[str, list[bool]] = {name: [] for name in STANCES}
    for example, own in zip(rows, shares, strict=True):
        right = STANCES[int(np.argmax(example.targets["stance"]))]
        held[right].append(right in kept_stances(own.tolist(), sets))
    return {name: float(np.mean(found)) for name, found in held.items() if found}


def test_each_stance_is_kept_in_nine_of_ten_new_texts_in_which_it_is_right() -> None:
    draw = np.random.default_rng(1)
    sets = fitted(*drawn(draw, (600, 600, 600)), coverage=0.9)
    for name, rate in coverages(sets, *drawn(draw, (4_000, 4_000, 4_000))).items():
        assert rate == pytest.approx(0.9, abs=0.03), name


def test_few_texts_promise_no_more_than_they_keep() -> None:
    draw = np.random.default_rng(2)
    new = drawn(draw, (0, 400, 0))
    rates = [coverages(fitted(*drawn(draw, (0, 25, 0)), coverage=0.9), *new)["neutral"] for _ in range(200)]
    assert 0.9 <= np.mean(rates) < 0.95


def test_a_threshold_is_the_score_at_the_place_that_the_correction_asks_for() -> None:
    scores = np.arange(1, 20) / 100
    assert threshold(scores, np.ones(19), 0.9) == 0.02
    assert threshold(scores[:8], np.ones(8), 0.9) == 0


def test_a_stance_with_few_texts_has_the_threshold_of_all() -> None:
    sets = fitted(*drawn(np.random.default_rng(3), (300, 300, 19)), coverage=0.9)
    assert sets is not None
    assert set(sets.stances) == {"negative", "neutral"}
    assert sets.threshold_of("positive") == sets.threshold
    assert sets.rows == 619


def test_the_likeliest_stance_is_always_kept_and_comes_first() -> None:
    sets = StanceSets(threshold=1.0, stances={"negative": 0.3}, rows=100)
    assert kept_stances([0.1, 0.5, 0.4], sets) == ("neutral",)
    assert kept_stances([0.35, 0.25, 0.4], sets) == ("positive", "negative")


def test_a_card_without_thresholds_tells_no_stances() -> None:
    assert kept_stances([0.1, 0.5, 0.4], None) == ()


def test_texts_whose_stance_nobody_gave_fit_nothing() -> None:
    weak = Example("a", {"stance": (1.0, 0.0, 0.0)}, {"stance": 0.2})
    other = Example("b", {"event": (1.0, 0.0)}, {"event": 1.0})
    assert fitted([weak, other], np.full((2, 3), 1 / 3), 0.9) is None


def test_contradicting_labels_count_by_their_share() -> None:
    certain, shares = drawn(np.random.default_rng(4), (40, 40, 40))
    torn = [Example(one.text, {"stance": (0.5, 0.0, 0.5)}, one.weights) for one in certain[:80]]
    sets = fitted(torn, shares[:80], 0.9)
    assert sets is not None
    assert set(sets.stances) == {"negative", "positive"}
    fewer = fitted(torn[:30], shares[:30], 0.9)
    assert fewer is not None
    assert fewer.stances == {}

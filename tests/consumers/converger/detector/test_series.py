"""The detector over a series: what it finds, what it does not, and that it looks at nothing to come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.converger.detector.returns import threshold
from consumers.converger.detector.series import SETTLING, Detection, detect

START = 27_000_000
"""Minutes since the epoch: the beginning of a day."""
DETECTED = threshold(0.1)
STEPS = pytest.mark.parametrize("step", [1, 5, 60, 1440])


def detection(counts: np.ndarray, step: float = 5) -> Detection:
    return detect(START + step * np.arange(len(counts)), counts.astype(float))


def detected(counts: np.ndarray, step: float = 5) -> list[int]:
    """The rows of the detections in ``counts``."""
    return np.flatnonzero(detection(counts, step).scores >= DETECTED).tolist()


def noise(rng: np.random.Generator, days: int, mean: float, shape: float, step: int = 5) -> np.ndarray:
    """Negative-binomial counts with days and nights and weekends; the mean a row and the shape."""
    minutes = START + step * np.arange(days * 1440 // step)
    rhythm = np.exp(np.sin((minutes / 60 % 24 - 8) / 24 * 2 * np.pi)) * np.where(minutes // 1440 % 7 >= 5, 0.6, 1.1)
    return np.asarray(rng.poisson(mean * rhythm / rhythm.mean() * rng.gamma(shape, 1 / shape, len(minutes))))


@STEPS
def test_three_after_silence_are_no_surge(step: int) -> None:
    assert not detected(np.array([0, 0, 0, 3]), step)
    assert not detected(np.r_[np.zeros(200), 3, 0, 0, 0], step)
    assert not detected(np.r_[np.zeros(2_000), 3, 0, 0, 0], step)


@STEPS
def test_forty_after_silence_are_found_at_once(step: int) -> None:
    assert detected(np.r_[np.zeros(200), 40, 0, 0, 0], step) == [200]


def test_a_flat_series_can_be_surged_over() -> None:
    assert 2_000 <= detected(np.r_[np.full(2_000, 20), np.full(6, 80)])[0] <= 2_005


@STEPS
def test_a_high_level_from_the_first_row_is_no_surge(step: int) -> None:
    assert not detected(np.full(500, 300), step)


def test_the_same_burst_every_day_is_learned_and_another_hour_is_found() -> None:
    rng = np.random.default_rng(6)
    counts = rng.poisson(1, 21 * 288)
    minute = 5 * np.arange(len(counts))
    daily = (minute % 1440 >= 570) & (minute % 1440 < 590)
    counts[daily] += 15
    assert not [row for row in detected(counts) if row >= 7 * 288]
    odd = 20 * 288 + 180
    counts[odd : odd + 4] += 15
    assert odd <= detected(counts)[-1] < odd + 4


def test_a_burst_is_told_once() -> None:
    counts = np.full(3_000, 5)
    counts[2_500:2_520] = 100
    assert len([row for row in detected(counts) if 2_500 <= row < 2_600]) == 1


@pytest.mark.parametrize("step", [5, 60])
def test_planted_surges_are_found_early_in_noise_with_a_rhythm(step: int) -> None:
    rng = np.random.default_rng(7)
    surges = [day * 1440 + 720 for day in (20, 32, 44)]
    counts = noise(rng, 50, step / 2, 5, step)
    for begin in surges:
        counts[begin // step : (begin + 180) // step] += 4 * step
    rows = detected(counts, step)
    found = sum(any(begin <= row * step < begin + 120 for row in rows) for begin in surges)
    assert found == len(surges)


def test_a_budget_of_one_in_ten_days_is_kept_on_ordinary_counts() -> None:
    rng = np.random.default_rng(8)
    days, alarms = 0, 0
    for mean, shape in ((0.1, 5), (1, 2), (10, 10), (50, 2)):
        alarms += len([row for row in detected(noise(rng, 44, mean, shape)) if row >= 14 * 288])
        days += 30
    assert alarms <= 0.1 * days


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_later_rows_change_no_earlier_score(data: st.DataObject) -> None:
    seed, step = data.draw(st.integers(0, 2**32 - 1)), data.draw(st.sampled_from([1, 5, 7, 60, 240, 1440]))
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(0.5, 6, 800)).astype(float)
    kept = np.sort(rng.choice(800, 700, replace=False))
    minutes = (START + step * np.arange(800) + rng.uniform(-0.2, 0.2, 800) * step)[kept]
    whole = detect(minutes, counts[kept]).scores
    cut = data.draw(st.integers(1, 700))
    assert detect(minutes[:cut], counts[kept][:cut]).scores == pytest.approx(whole[:cut], abs=1e-12)


def test_scores_lie_between_0_and_1_and_the_first_rows_have_none() -> None:
    scores = detection(noise(np.random.default_rng(9), 10, 3, 1)).scores
    assert scores.min() == 0
    assert 0 < scores.max() < 1
    assert not scores[:SETTLING].any()


def test_a_gap_is_not_taken_for_silence() -> None:
    counts, minutes = np.full(4_000, 30.0), START + 5.0 * np.arange(4_000)
    there = (np.arange(4_000) < 2_000) | (np.arange(4_000) >= 3_000)
    found = detect(minutes[there], counts[there])
    assert not (found.scores >= DETECTED).any()
    assert found.expected[2_000] == pytest.approx(30 * 1.25, rel=0.05)


def test_progress_is_told_of_every_row() -> None:
    told: list[int] = []
    detect(START + 5.0 * np.arange(1_000), np.ones(1_000), told.append)
    assert sum(told) == 1_000


def test_a_surge_is_no_part_of_what_its_windows_are_compared_with() -> None:
    calm = noise(np.random.default_rng(10), 10, 3, 2)
    surged = calm.copy()
    surged[2_000:2_072] += 50
    before, after = (detection(counts).expected for counts in (calm, surged))
    assert np.array_equal(after[:2_072], before[:2_072])
    assert not np.array_equal(after[2_072:], before[2_072:])

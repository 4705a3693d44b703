"""The surge test: its tails beside those of scipy, and what small counts, silence and a flat past come to."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, nbinom

from consumers.converger.evaluate import Finding, evaluate
from consumers.converger.events import Event
from consumers.converger.surge import Thresholds, negative_binomial_tail, share_tail
from consumers.converger.trend import Trend
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings

MakeEvent = Callable[..., Event]

DAYS = 14
END = 28_000_020
"""A full hour, minutes since the epoch."""
HOUR = END // 60
ORIGIN = END - DAYS * 1440
SUBJECT = "*/acme"


def judged(past: dict[int, list[int]], events: Sequence[Event]) -> Finding | None:
    """What is found in ``events`` of the last hour after the hourly cells ``past``."""
    trend = Trend(hours=past)
    for one in events:
        trend.add(one)

    def gather(_subject: str, length: int) -> list[Event]:
        return [one for one in events if END - length <= one.minute < END]

    thresholds = Thresholds.firing(ConvergerSettings())
    return evaluate({SUBJECT: trend}, gather, END, ORIGIN, AlertKind.NEGATIVE_SURGE, thresholds)


def flat(texts: int, negative: int) -> dict[int, list[int]]:
    """The same counts in every hour before the last."""
    return {hour: [texts, negative * 1000, 0] for hour in range(HOUR - DAYS * 24, HOUR - 1)}


def last_hour(event: MakeEvent, negative: int, neutral: int = 0) -> list[Event]:
    """So many texts, each of its own author, spread over the last hour."""
    total = negative + neutral
    return [
        event(number, END - 60 + number * 60 // total, negative=960 if number < negative else 20, positive=20)
        for number in sorted(range(total), key=lambda number: (number * 7919) % total)
    ]


def test_three_texts_after_silence_are_no_surge(event: MakeEvent) -> None:
    assert judged({}, last_hour(event, 3)) is None


def test_five_of_five_are_no_surge(event: MakeEvent) -> None:
    assert judged({}, last_hour(event, 5)) is None


def test_forty_texts_after_two_hundred_quiet_hours_are_a_surge(event: MakeEvent) -> None:
    assert judged({}, last_hour(event, 40)) is not None


def test_a_flat_past_without_any_variance_can_still_be_left(event: MakeEvent) -> None:
    assert judged(flat(5, 2), last_hour(event, 60)) is not None


def test_a_flat_past_that_goes_on_is_no_surge(event: MakeEvent) -> None:
    assert judged(flat(20, 8), last_hour(event, 8, 12)) is None


def test_180_of_300_against_a_base_of_a_fifth_are_a_surge(event: MakeEvent) -> None:
    assert judged(flat(100, 20), last_hour(event, 180, 120)) is not None


def test_the_same_share_of_many_more_texts_is_no_surge(event: MakeEvent) -> None:
    assert judged(flat(50, 25), last_hour(event, 150, 150)) is None


def test_a_burst_at_the_same_hour_of_every_day_is_no_surge(event: MakeEvent) -> None:
    daily = {HOUR - 1 - day * 24: [40, 36_000, 0] for day in range(1, DAYS)}
    assert judged(daily, last_hour(event, 40)) is None


def test_the_window_is_no_part_of_its_own_past(event: MakeEvent) -> None:
    few, many = judged({}, last_hour(event, 40)), judged({}, last_hour(event, 80))
    assert few is not None
    assert many is not None
    assert {one.surge.window: one.surge.expected for one in few.candidates} == {
        one.surge.window: one.surge.expected for one in many.candidates
    }


@given(st.integers(0, 500), st.floats(0.01, 200), st.floats(0.1, 50))
def test_the_negative_binomial_tail_is_scipys_on_whole_numbers(observed: int, mean: float, shape: float) -> None:
    expected = nbinom.sf(observed - 1, shape, shape / (mean + shape))
    assert negative_binomial_tail(observed, mean, shape) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.01, 0.99))
def test_the_binomial_tail_is_scipys_on_whole_numbers(one: int, other: int, share: float) -> None:
    part, whole = sorted((one, other))
    assert share_tail(part, whole, share) == pytest.approx(binom.sf(part - 1, whole, share), rel=1e-6, abs=1e-300)


@given(st.floats(0, 500), st.floats(0, 50), st.floats(0.01, 200), st.floats(0.1, 50))
def test_more_is_never_likelier_than_less(observed: float, more: float, mean: float, shape: float) -> None:
    low, high = (negative_binomial_tail(mass, mean, shape) for mass in (observed, observed + more))
    assert 0 <= high <= low * (1 + 1e-9) <= 1 + 1e-9


@given(st.floats(0, 200), st.floats(0, 50), st.floats(0, 200), st.floats(0.01, 0.99))
def test_a_larger_share_is_never_likelier_than_a_smaller(part: float, more: float, rest: float, share: float) -> None:
    whole = part + more + rest
    low, high = (share_tail(mass, whole, share) for mass in (part, part + more))
    assert 0 <= high <= low * (1 + 1e-9) <= 1 + 1e-9

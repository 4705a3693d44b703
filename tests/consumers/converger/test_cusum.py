"""Cumulative sums over hours: a change grows sure, settles after days in which it held, and is gone where it goes back."""

from collections.abc import Iterable

import pytest

from consumers.converger.cusum import HELD_HOURS, MOST_SUM, OLD_HOURS, PAST_HOURS, SURE_SUM, Cusum

PAST = [0.2] * 200
SURE = 21
"""Hours of twenty texts in which a share of 0.2 that is 0.5 becomes sure."""


def summed(shares: Iterable[float], texts: float = 20.0, every: int = 1) -> Cusum:
    """The sum over hours of so many texts, one in ``every``, which have ``shares`` of the stance."""
    one = Cusum()
    for place, share in enumerate(shares):
        one.take(1000 + place * every, share * texts, texts)
    return one


def test_a_share_that_stays_the_same_adds_nothing() -> None:
    one = summed(PAST)
    assert (one.total, one.settled) == (0.0, None)
    assert one.past.share == pytest.approx(0.2, abs=0.005)


def test_before_the_past_is_known_nothing_adds_up() -> None:
    assert summed([0.9] * PAST_HOURS).total == 0.0


def test_one_hour_adds_little_however_large_its_change() -> None:
    assert 0 < summed([*PAST, 1.0], texts=5000).total < 1


def test_a_change_becomes_sure_and_its_sum_is_bounded() -> None:
    assert summed([*PAST, *[0.5] * (SURE - 2)]).total < SURE_SUM <= summed([*PAST, *[0.5] * SURE]).total
    assert summed([*PAST, *[0.5] * (SURE + 40)]).total == MOST_SUM


@pytest.mark.parametrize("every", [1, 2])
def test_a_change_that_is_sure_for_so_many_hours_with_texts_is_the_usual(every: int) -> None:
    before, after = (summed([*PAST, *[0.5] * (SURE + HELD_HOURS + more)], every=every) for more in (-4, 4))
    assert (before.total, before.settled) == (MOST_SUM, None)
    assert after.total == 0.0
    assert after.settled == after.past.share == pytest.approx(0.5)


def test_of_a_share_that_rose_step_by_step_the_last_step_settles() -> None:
    one = summed([*PAST, *[0.35] * 60, *[0.5] * (HELD_HOURS + 20)])
    assert one.settled is not None
    assert one.settled > 0.42


def test_what_goes_back_before_never_settles_and_ends_within_days() -> None:
    one = summed([*PAST, *[0.5] * (SURE + HELD_HOURS - 24), *[0.2] * 60])
    assert (one.total, one.settled) == (0.0, None)


def test_after_a_change_has_settled_a_second_one_adds_up_from_there() -> None:
    one = summed([*PAST, *[0.4] * 150, *[0.7] * 40])
    assert one.settled == pytest.approx(0.4, abs=0.01)
    assert one.usual == pytest.approx(0.4, abs=0.01)
    assert one.total >= SURE_SUM


def test_a_change_that_few_texts_keep_unsure_is_no_news_after_so_many_hours() -> None:
    shares = [*PAST, *[0.33] * (OLD_HOURS + 1)]
    assert 0 < summed(shares[:-10], texts=0.5).total < SURE_SUM
    one = summed(shares, texts=0.5)
    assert one.total == 0.0
    assert one.settled == pytest.approx(0.33, abs=0.01)

"""Pauses between tries."""

from hypothesis import given
from hypothesis import strategies as some

from consumers.notifier import backoff

FAILURES = some.integers(1, 10_000)
CHANCE = some.floats(0, 1)


@given(failures=FAILURES, chance=CHANCE)
def test_a_pause_is_at_least_half_and_never_longer_than_the_longest(failures: int, chance: float) -> None:
    assert 0.5 <= backoff.pause(failures, 1.0, 300.0, chance) <= 300.0


@given(failures=FAILURES, chance=CHANCE)
def test_the_next_pause_is_no_shorter_at_the_same_chance(failures: int, chance: float) -> None:
    assert backoff.pause(failures + 1, 1.0, 300.0, chance) >= backoff.pause(failures, 1.0, 300.0, chance)


def test_pauses_double() -> None:
    assert [backoff.pause(failures, 1.0, 300.0, 1.0) for failures in (1, 2, 3, 9, 10)] == [1, 2, 4, 256, 300]


def test_a_receiver_is_obeyed_for_an_hour_at_most() -> None:
    assert [backoff.asked(one) for one in (None, -5, 30, 86_400)] == [0, 0, 30, 3600]

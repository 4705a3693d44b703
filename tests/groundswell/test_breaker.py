"""When the deadletters stop a stage."""

from hypothesis import given
from hypothesis import strategies as st

from groundswell.breaker import Breaker


def fed(outcomes: str, *, window: int = 10, ratio: float = 0.5, run: int = 4) -> Breaker:
    breaker = Breaker(window, ratio, run)
    for outcome in outcomes:
        breaker.record(failed=outcome == "x")
    return breaker


def test_a_run_of_failures_is_named_as_the_reason() -> None:
    assert fed("..xxxx").reason() == "4 records in a row failed"


def test_a_share_of_failures_is_named_as_the_reason() -> None:
    assert fed(".x.x.x.x.x").reason() == "5 of the last 10 records failed"


def test_the_share_counts_only_over_a_full_window() -> None:
    assert fed("x.x.x.x.x").reason() is None


def test_failures_that_lie_far_back_are_forgotten() -> None:
    assert fed("xxx.x.x.x" + "." * 10).reason() is None


@given(st.lists(st.booleans(), max_size=60))
def test_fewer_failures_than_either_limit_never_stop_a_stage(outcomes: list[bool]) -> None:
    breaker = Breaker(window=10, ratio=1.0, run=61)
    for failed in outcomes:
        breaker.record(failed=failed)
    assert (breaker.reason() is None) == (not all(outcomes[-10:]) or len(outcomes) < 10)

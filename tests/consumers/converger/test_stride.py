"""How far one closing goes: in strides that add up to all there is."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.partition import Partition
from consumers.converger.stride import STRIDE, stride

MakeEvent = Callable[..., Event]


def test_event_time_begins_with_the_first_event(event: MakeEvent) -> None:
    partition = Partition()
    assert stride(partition, {}, 100) is None
    pending = {40: [event(1, 40)], 30: [event(2, 30)]}
    assert stride(partition, pending, 100) == (pending, 100)


def test_a_partition_that_has_begun_is_closed_without_events_too() -> None:
    partition = Partition(closed=50)
    assert stride(partition, {}, 100) == ({}, 100)


@given(st.sets(st.integers(0, 5_000), min_size=1, max_size=3 * STRIDE))
def test_strides_take_every_minute_once_in_order(event: MakeEvent, minutes: set[int]) -> None:
    partition, taken = Partition(), list[int]()
    pending = {minute: [event(minute, minute)] for minute in minutes}
    while partition.closed is None or partition.closed < 6_000:
        some, partition.closed = stride(partition, pending, 6_000) or ({}, 6_000)
        assert len(some) <= STRIDE
        assert all(minute < partition.closed for minute in some)
        assert all(minute >= partition.closed for minute in pending.keys() - some.keys())
        taken += sorted(some)
        pending = {minute: found for minute, found in pending.items() if minute not in some}
    assert taken == sorted(minutes)

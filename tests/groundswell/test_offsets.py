"""What waits, what is in flight and what may be committed."""

from hypothesis import given
from hypothesis import strategies as st

from groundswell import offsets
from groundswell.kafka import Record
from groundswell.offsets import Prefetch, Progress


def record(partition: int, offset: int, size: int = 1) -> Record:
    return Record("texts", partition, offset, None, b"x" * size, timestamp_ms=1000 + offset)


def filled(*partitions: int, count: int = 5, limit: int = 100) -> Prefetch:
    prefetch = Prefetch(limit)
    for number in partitions:
        prefetch.assign(number, note=f"note {number}")
        prefetch.put(record(number, offset) for offset in range(count))
    return prefetch


def test_a_batch_takes_a_fair_share_of_each_partition_in_order() -> None:
    prefetch = filled(0, 1)
    assert [(one.partition, one.offset) for one in prefetch.take(4, timeout=0)] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_what_a_short_partition_leaves_of_its_share_goes_to_the_others() -> None:
    prefetch = filled(0)
    prefetch.assign(1)
    prefetch.put([record(1, 0)])
    assert len(prefetch.take(6, timeout=0)) == 6


def test_nothing_can_be_committed_before_anything_is_done() -> None:
    prefetch = filled(0)
    prefetch.take(3, timeout=0)
    assert prefetch.committable() == {}


def test_what_is_done_can_be_committed_once_with_its_note() -> None:
    prefetch = filled(0, 1)
    prefetch.done(prefetch.take(4, timeout=0), {0: "new"})
    ready = prefetch.committable()
    assert ready == {0: Progress(2, "new"), 1: Progress(2, "note 1")}
    prefetch.committed(ready)
    assert prefetch.committable() == {}


def test_records_of_a_partition_that_is_not_ours_are_not_kept() -> None:
    prefetch = filled(0)
    assert prefetch.put([record(7, 0)]) == 0
    assert prefetch.waiting == 5


def test_a_partition_that_closes_gives_no_new_batch_but_lets_the_one_in_flight_end() -> None:
    prefetch = filled(0)
    batch = prefetch.take(2, timeout=0)
    prefetch.close_partitions([0])
    assert prefetch.put([record(0, 5)]) == 0
    assert prefetch.take(2, timeout=0) == []
    assert prefetch.busy([0])
    prefetch.done(batch, {})
    assert prefetch.remove([0]) == {0: Progress(2, "note 0")}


def test_a_batch_whose_partition_went_is_done_for_nobody() -> None:
    prefetch = filled(0, 1)
    batch = prefetch.take(4, timeout=0)
    prefetch.remove([0])
    assert {one.partition for one in prefetch.mine(batch)} == {1}
    prefetch.done(batch, {})
    assert prefetch.committable() == {1: Progress(2, "note 1")}


def test_a_batch_whose_partition_went_and_came_back_is_not_ours_any_more() -> None:
    prefetch = filled(0)
    batch = prefetch.take(2, timeout=0)
    prefetch.remove([0])
    prefetch.assign(0)
    prefetch.put(record(0, offset) for offset in range(2))
    assert prefetch.mine(batch) == []
    again = prefetch.take(2, timeout=0)
    assert prefetch.mine(again) == again


def test_the_oldest_record_is_one_in_flight_before_one_that_waits() -> None:
    prefetch = filled(0, count=3)
    batch = prefetch.take(2, timeout=0)
    assert prefetch.oldest() == {0: 1000}
    prefetch.done(batch, {})
    assert prefetch.oldest() == {0: 1002}
    prefetch.done(prefetch.take(2, timeout=0), {})
    assert prefetch.oldest() == {0: None}


def test_the_next_record_to_be_done_is_one_in_flight_before_one_that_waits() -> None:
    prefetch = filled(0, count=3)
    prefetch.assign(1)
    assert prefetch.positions() == {0: 0, 1: None}
    batch = prefetch.take(2, timeout=0)
    assert prefetch.positions()[0] == 0
    prefetch.done(batch, {})
    assert prefetch.positions()[0] == 2


def test_it_is_full_at_its_limit_and_low_at_half_of_it() -> None:
    prefetch = filled(0, count=4, limit=4)
    states = []
    for _ in range(3):
        states.append((prefetch.full, prefetch.low))
        prefetch.take(1, timeout=0)
    assert states == [(True, False), (False, False), (False, True)]


def test_it_is_full_of_few_records_when_they_are_large() -> None:
    prefetch = Prefetch(100)
    prefetch.assign(0)
    prefetch.put(record(0, offset, offsets.MAX_BYTES // 4) for offset in range(4))
    assert prefetch.full


def test_after_its_close_no_batch_is_given() -> None:
    prefetch = filled(0)
    prefetch.close()
    assert prefetch.take(1, timeout=60) == []


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=20))
def test_what_can_be_committed_is_always_the_prefix_that_is_done(steps: list[tuple[int, bool]]) -> None:
    prefetch = filled(0, count=40)
    done = 0
    for count, again in steps:
        batch = prefetch.take(count, timeout=0)
        prefetch.done(batch, {})
        if again:
            prefetch.done(batch, {})
        done += len(batch)
        assert prefetch.remove([]) == {}
        assert prefetch.committable() == ({0: Progress(done, "note 0")} if done else {})

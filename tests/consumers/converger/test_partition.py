"""What a partition has in memory: those who spoke lately, whenever it is looked at; and how many groups of them count."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.life import Life, Phase
from consumers.converger.partition import (
    IDLE_MINUTES,
    LEAST_TEXTS,
    SWEEP_MINUTES,
    Happening,
    Partition,
    forget,
    group_of,
)
from consumers.converger.recent import KEPT_MINUTES
from tests.alerts import alert_of

MakeEvent = Callable[..., Event]

BEGIN = 28_000_020
NAMES = ("*/a", "*/b", "policy/c", "policy/*")
said = st.lists(st.tuples(st.integers(0, 1500), st.sampled_from(NAMES)), max_size=40)
"""In which minute something is said of which subject."""


def closed(event: MakeEvent, texts: list[tuple[int, str]], until: int) -> Partition:
    """A partition with what is said before minute ``until``, the first not closed; swept as minutes are closed."""
    partition = Partition()
    for minute in sorted({*range(0, until, 5), *(at for at, _ in texts if at < until)}):
        for number, (at, name) in enumerate(texts):
            if at == minute:
                partition.memory(name).count(event(number, BEGIN + at, subjects=(name,)), BEGIN + at)
        partition.closed = BEGIN + minute + 1
        forget(partition)
    return partition


@given(said, st.integers(1, 2500))
def test_those_who_spoke_in_the_last_hours_are_in_memory_and_nobody_else(
    event: MakeEvent, said: list[tuple[int, str]], until: int
) -> None:
    held = closed(event, said, until)
    spoke = {name: max(at for at, other in said if other == name and at < until) for at, name in said if at < until}
    assert held.subjects.keys() >= {name for name, at in spoke.items() if at >= until - KEPT_MINUTES}
    assert held.subjects.keys() <= {
        name for name, at in spoke.items() if at >= until - KEPT_MINUTES - IDLE_MINUTES - SWEEP_MINUTES
    }
    assert {name for names in held.groups.values() for name in names} == held.subjects.keys()
    assert all(held.groups.values())


@given(said, st.integers(1, 2500))
def test_texts_that_no_window_reaches_go_though_others_of_the_subject_come(
    event: MakeEvent, said: list[tuple[int, str]], until: int
) -> None:
    steady = [(at, "*/a") for at in range(0, until, SWEEP_MINUTES)]
    held = closed(event, said + steady, until).subjects["*/a"]
    assert min(one.minute for one in held.recent.events) >= BEGIN + until - KEPT_MINUTES - 2 * SWEEP_MINUTES
    assert held.recent.minutes.keys() == {one.minute for one in held.recent.events}


def test_of_what_is_silent_for_an_hour_nothing_derived_is_kept(event: MakeEvent) -> None:
    partition = closed(event, [(0, "*/a"), (0, "*/b"), (50, "*/b")], 51)
    kept = {name: memory.baseline("texts", BEGIN) for name, memory in partition.subjects.items()}
    partition.closed = BEGIN + 51 + SWEEP_MINUTES
    forget(partition)
    again = {name: memory.baseline("texts", BEGIN) is kept[name] for name, memory in partition.subjects.items()}
    assert again == {"*/a": False, "*/b": True}


def test_what_an_alert_in_being_is_about_is_not_forgotten_before_it_is_over(event: MakeEvent) -> None:
    partition = closed(event, [(0, "*/a"), (0, "policy/a"), (0, "*/b")], 1)
    partition.happenings["silence:*/a"] = Happening(Life(Phase.FIRING, BEGIN, fired=(BEGIN,)), alert_of())
    for later in range(SWEEP_MINUTES, 2001, SWEEP_MINUTES):
        partition.closed = BEGIN + later
        forget(partition)
    assert partition.subjects.keys() == {"*/a", "policy/a"}
    partition.happenings.clear()
    partition.closed = BEGIN + 2000 + IDLE_MINUTES + SWEEP_MINUTES
    forget(partition)
    assert (partition.subjects, partition.groups) == ({}, {})


@given(said)
def test_groups_count_that_have_enough_texts_of_one_subject_in_six_hours(event: MakeEvent, said: list[tuple[int, str]]) -> None:
    end = 1500
    texts = Counter(name for at, name in said if end - 360 <= at < end)
    heard = {group_of(name) for name, count in texts.items() if count >= LEAST_TEXTS}
    assert closed(event, said, end).heard(BEGIN + end) == max(1, len(heard))


@pytest.mark.parametrize(
    ("subject", "group"), [("policy/a", "*/a"), ("*/a", "*/a"), ("policy/*", "policy/*"), ("*/a/b", "*/a/b")]
)
def test_a_subject_belongs_to_its_entity_or_to_its_topic_where_it_has_none(subject: str, group: str) -> None:
    assert group_of(subject) == group

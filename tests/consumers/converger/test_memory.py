"""One subject in memory: what follows from its past is derived anew when its past changes, and else kept."""

from collections.abc import Callable

import pytest

from consumers.converger.events import Event
from consumers.converger.memory import MOST_DERIVED, Memory
from consumers.converger.shift import Course
from tests.consumers.converger.looking import END, HOUR, cell, flat, memory_of

MakeEvent = Callable[..., Event]


@pytest.fixture
def memory() -> Memory:
    return memory_of(flat(20, 6))


def test_a_baseline_is_kept_while_its_hours_do_not_change(event: MakeEvent, memory: Memory) -> None:
    before = memory.baseline("negative", END - 60)
    memory.count(event(1, END - 60), END - 60)
    assert memory.baseline("negative", END - 60) is before
    assert memory.baseline("negative", END - 1) is before


def test_a_late_text_changes_the_baselines_of_the_hours_after_it_alone(event: MakeEvent, memory: Memory) -> None:
    early, late = (memory.baseline("negative", minute) for minute in (END - 300, END - 60))
    for number in range(20):
        memory.count(event(number, END - 200), END)
    assert memory.baseline("negative", END - 300) is early
    after = memory.baseline("negative", END - 60)
    assert after.mass == memory_of(memory.trend.hours).baseline("negative", END - 60).mass > late.mass


def test_each_measure_has_a_baseline_of_its_own(memory: Memory) -> None:
    assert memory.baseline("texts", END).mass > memory.baseline("negative", END).mass > memory.baseline("positive", END).mass


def test_a_past_begins_with_the_first_text_and_not_with_silence() -> None:
    short, long = memory_of(flat(2, 1, hours=48)), memory_of({HOUR - 400: cell(1), **flat(2, 1, hours=48)})
    assert short.baseline("texts", END).hours < 49
    assert long.baseline("texts", END).level < short.baseline("texts", END).level


def test_a_subject_has_the_rhythm_of_all_until_it_shows_its_own() -> None:
    awake, asleep = (HOUR // 24 * 24 + hour for hour in (12, 0))
    whole = memory_of({at: cell(100 if at % 24 >= 8 else 2) for at in range(HOUR - 14 * 24, HOUR)})
    new = {HOUR - 1 - 6 * back: cell(1) for back in range(12)}
    own = {at: cell(20 if at % 24 < 8 else 1) for at in range(HOUR - 14 * 24, HOUR)}

    def ratio(memory: Memory) -> float:
        baseline = memory.baseline("texts", END)
        return baseline.expected(60 * (awake + 1), 60) / baseline.expected(60 * (asleep + 1), 60)

    alone, child, other = memory_of(new), memory_of(new), memory_of(own)
    child.parent = other.parent = whole
    assert ratio(child) > 2 * ratio(alone)
    assert ratio(alone) < 2
    assert ratio(other) < 1


def test_what_is_learned_alone_is_no_news(event: MakeEvent) -> None:
    memory = Memory()
    memory.learn(event(1, END - 5))
    assert (memory.trend.texts, len(memory.recent), memory.recent.windows(END)[15].texts) == (1, 0, 0)


def test_of_what_was_never_heard_nothing_is_known() -> None:
    assert Memory().baseline("texts", END).hours == 0
    assert Memory().course("negative", END) == Course()


def test_a_course_is_kept_until_a_text_changes_its_hours(event: MakeEvent) -> None:
    memory = memory_of({**flat(20, 4), **flat(20, 14, hours=48, until=HOUR)})
    course = memory.course("negative", END)
    assert course.change is not None
    memory.count(event(1, END), END)
    assert memory.course("negative", END) is course
    memory.count(event(2, END - 30), END)
    assert memory.course("negative", END).change not in (None, course.change)


def test_what_is_derived_is_bounded_and_found_again_the_same(memory: Memory) -> None:
    first = memory.baseline("texts", END - 60 * 3 * MOST_DERIVED)
    for hour in range(3 * MOST_DERIVED):
        memory.baseline("texts", END - 60 * hour)
    assert len(memory._derived) <= MOST_DERIVED
    assert memory.baseline("texts", END - 60 * 3 * MOST_DERIVED).mass == first.mass


def test_what_is_learned_does_not_depend_on_what_was_asked_before(event: MakeEvent) -> None:
    asked, fresh = memory_of(flat(20, 4)), memory_of(flat(20, 4))
    for memory in (asked, fresh):
        if memory is asked:
            memory.baseline("texts", END)
        memory.count(event(1, END - 200), END)
    assert asked.baseline("negative", END - 120).level == fresh.baseline("negative", END - 120).level
    assert asked.course("negative", END) == fresh.course("negative", END)


def test_the_tested_hour_and_later_ones_are_no_part_of_a_baseline(event: MakeEvent) -> None:
    memory, later = memory_of(flat(20, 4)), memory_of(flat(20, 4))
    for number in range(50):
        later.count(event(number, END + number), END + number)
    later.baseline("texts", END + 60)
    assert later.baseline("texts", END).level == memory.baseline("texts", END).level

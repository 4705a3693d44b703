"""Deadlines: beside a plain dictionary, whatever is set and taken away in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.deadlines import Deadlines

subjects = st.sampled_from([f"*/firm{number}" for number in range(6)])
minutes = st.integers(0, 40)
known = st.dictionaries(subjects, minutes)
changes = st.lists(st.tuples(subjects, st.none() | minutes), max_size=40)


def first(plain: dict[str, int]) -> int | None:
    return min(plain.values(), default=None)


def due(plain: dict[str, int], minute: int) -> list[str]:
    return sorted(subject for subject, at in plain.items() if at < minute)


@given(known, changes, minutes)
def test_after_any_changes_they_are_those_of_a_dictionary(
    plain: dict[str, int], changed: list[tuple[str, int | None]], until: int
) -> None:
    deadlines = Deadlines(plain.items())
    for subject, minute in changed:
        deadlines.set(subject, minute)
        if minute is None:
            plain.pop(subject, None)
        else:
            plain[subject] = minute
        assert deadlines.of(subject) == minute
        assert deadlines.next() == first(plain)
        assert deadlines.before(until) == due(plain, until)
    assert deadlines.next() == first(plain)


@given(known, st.lists(minutes, max_size=5))
def test_looking_changes_nothing(plain: dict[str, int], looked: list[int]) -> None:
    deadlines = Deadlines(plain.items())
    for until in [*looked, *looked]:
        assert deadlines.before(until) == due(plain, until)
    assert deadlines.next() == first(plain)

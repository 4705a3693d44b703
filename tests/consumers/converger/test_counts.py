"""Counts: cells add up, whatever their order, and a mass is asked for by its name."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.counts import Cell, Counts, Hours, add
from consumers.converger.events import UNITS

cells = st.lists(st.tuples(*[st.integers(0, 10**6)] * 4).map(list), max_size=20)


@given(cells)
def test_the_sum_of_cells_does_not_depend_on_their_order(some: list[Cell]) -> None:
    total = Counts.of(some)
    assert total == Counts.of(sorted(some))
    assert total.texts == sum(cell[0] for cell in some)
    assert [total.weight, total.negative, total.positive] == [sum(cell[at] for cell in some) / UNITS for at in (1, 2, 3)]


@given(cells)
def test_what_is_added_to_a_cell_is_what_it_holds(some: list[Cell]) -> None:
    minutes: dict[int, Cell] = {}
    for number, cell in enumerate(some):
        add(minutes, number % 3, *cell)
    assert Counts.of(minutes.values()) == Counts.of(some)
    assert len(minutes) == min(3, len(some))


def test_the_mass_of_texts_is_by_heads() -> None:
    counts = Counts(40, 5.5, 3.0, 1.0)
    assert [counts.mass(name) for name in ("texts", "negative", "positive")] == [5.5, 3.0, 1.0]


def test_hours_that_are_not_named_were_empty_from_the_first_on() -> None:
    hours = Hours.of([(5, [2, 1500, 500, 0]), (7, [1, 1000, 0, 250])])
    for measure, masses in (("texts", [1.5, 0, 1, 0]), ("negative", [0.5, 0, 0, 0]), ("positive", [0, 0, 0.25, 0])):
        first, found = hours.series(measure, 9)
        assert (first, found.tolist()) == (5, masses)


def test_no_hours_are_an_empty_series() -> None:
    first, found = Hours.of([]).series("texts", 9)
    assert (first, found.size) == (9, 0)


@given(st.dictionaries(st.integers(0, 500), st.tuples(*[st.integers(0, 10**6)] * 4).map(list), min_size=1))
def test_the_masses_of_hours_are_those_of_their_counts(cells_of: dict[int, Cell]) -> None:
    hours = Hours.of(sorted(cells_of.items()))
    for measure in ("texts", "negative", "positive"):
        assert hours.mass(measure).tolist() == [Counts.of([cells_of[at]]).mass(measure) for at in sorted(cells_of)]


def test_the_hours_until_another_are_those_before_it() -> None:
    hours = Hours.of([(5, [2, 1500, 500, 0]), (7, [1, 1000, 0, 250])])
    assert [hours.until(before).at.tolist() for before in (5, 6, 7, 8)] == [[], [5], [5], [5, 7]]
    assert hours.until(6).mass("texts").tolist() == [1.5]

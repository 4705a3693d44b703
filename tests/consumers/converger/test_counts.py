"""Counts: cells add up, whatever their order, and a mass is asked for by its name."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.counts import Cell, Counts, add
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

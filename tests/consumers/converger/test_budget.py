"""The budget: what is allowed to kinds, groups, partitions and subjects adds up to it, and a rarer window costs less."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.budget import PARTS, alarms_a_day, allowed, shared
from consumers.converger.evaluate import MEASURES
from consumers.converger.recent import WINDOWS
from groundswell.messages import AlertKind

budgets = st.floats(0.001, 1000)
measures = st.sampled_from(sorted(set(MEASURES.values())))


@given(st.floats(0, 1), st.floats(0, 1), measures, st.sampled_from(WINDOWS))
def test_what_is_likelier_comes_more_often(one: float, other: float, measure: str, window: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= alarms_a_day(low, measure, window) <= alarms_a_day(high, measure, window)


@given(st.floats(1e-300, 1), measures)
def test_a_shorter_window_shows_the_same_more_often(p_value: float, measure: str) -> None:
    rates = [alarms_a_day(p_value, measure, window) for window in WINDOWS]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]


@given(budgets, st.integers(1, 10_000), st.integers(1, 64))
def test_the_allowances_of_all_groups_partitions_and_kinds_come_to_the_budget(
    budget: float, groups: int, partitions: int
) -> None:
    total = math.fsum(allowed(budget, kind, groups, partitions) for kind in AlertKind) * groups * partitions
    assert total == pytest.approx(budget)
    assert set(PARTS) == set(MEASURES) == set(AlertKind)


@given(budgets, st.sampled_from(AlertKind))
def test_a_partition_in_which_nothing_was_heard_has_its_part(budget: float, kind: AlertKind) -> None:
    assert allowed(budget, kind, 0, 1) == allowed(budget, kind, 1, 1)


@given(st.integers(0, 50))
def test_the_subjects_of_a_group_share_all_of_its_allowance(topics: int) -> None:
    names = ["*/acme", *(f"topic{number}/acme" for number in range(topics))]
    assert math.fsum(shared(name, len(names)) for name in names) == pytest.approx(1)


def test_a_topic_without_an_entity_has_all_of_its_allowance() -> None:
    assert shared("liquidity/*", 1) == 1

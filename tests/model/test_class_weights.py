"""Class weights: rare labels weigh more, and all together as much as without."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.card import Card
from model.class_weights import Balance, balances
from model.data import Example

Dump = dict[str, Any]
GROUPS = [
    {"name": "stance", "kind": "softmax", "labels": ["negative", "neutral", "positive"]},
    {"name": "news", "kind": "sigmoid", "labels": ["a", "b"]},
]
BARE = {"name": "p", "version": "1", "language": "en", "base": "b", "intended_use": "t", "limits": "t", "groups": GROUPS}
STANCES = {"negative": (1.0, 0.0, 0.0), "neutral": (0.0, 1.0, 0.0), "positive": (0.0, 0.0, 1.0)}
NEWS = st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, float("nan")])] * 2)
EXAMPLES = st.lists(
    st.builds(
        lambda stance, news, weight: Example("t", {"stance": STANCES[stance], "news": news}, {"stance": weight, "news": 1.0}),
        st.sampled_from(sorted(STANCES)),
        NEWS,
        st.sampled_from([0.2, 1.0]),
    ),
    min_size=1,
    max_size=40,
)


def _balances(rows: list[Example], power: float | bool) -> dict[str, Balance]:
    card = Card.model_validate({**BARE, "recipe": {"class_weights": power}})
    return balances(card, rows, torch.device("cpu"))


def _stances(**counts: int) -> list[Example]:
    return [Example("t", {"stance": STANCES[label]}, {"stance": 1.0}) for label, n in counts.items() for _ in range(n)]


@given(EXAMPLES, st.floats(0.05, 1.0))
def test_weights_average_to_one_over_the_training_texts(rows: list[Example], power: float) -> None:
    found = _balances(rows, power)
    for group, balance in found.items():
        target = torch.tensor([row.targets[group] for row in rows])
        weight = torch.tensor([[row.weights[group]] for row in rows]) * (~target.isnan()).float()
        factor = balance.factor(target).expand_as(target)
        assert (factor * weight).sum(dim=0).tolist() == pytest.approx(weight.sum(dim=0).tolist(), rel=1e-4)


def test_a_label_a_quarter_as_frequent_weighs_twice_by_the_inverse_square_root() -> None:
    held = _balances(_stances(negative=10, neutral=40), power=True)["stance"].held
    assert (held[0] / held[1]).item() == pytest.approx(2)


def test_by_the_inverse_frequency_it_weighs_four_times() -> None:
    held = _balances(_stances(negative=10, neutral=40), power=1.0)["stance"].held
    assert (held[0] / held[1]).item() == pytest.approx(4)


def test_the_rare_presence_of_a_label_weighs_more_than_its_absence() -> None:
    rows = [Example("t", {"news": (1.0 if i == 0 else 0.0, float("nan"))}, {"news": 1.0}) for i in range(5)]
    factor = _balances(rows, power=0.5)["news"].factor(torch.tensor([[1.0, float("nan")], [0.0, float("nan")]]))
    assert (factor[0, 0] / factor[1, 0]).item() == pytest.approx(2)


def test_a_label_that_never_occurs_gives_no_weight_that_is_no_number() -> None:
    held = _balances(_stances(negative=3), power=1.0)["stance"].held
    assert torch.isfinite(held).all()


def test_no_weights_are_made_where_the_recipe_asks_for_none() -> None:
    assert _balances(_stances(negative=1, positive=9), power=False) == {}

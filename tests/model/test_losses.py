"""Losses: rows that are labelled in part, and two readings of one row."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Categorical, kl_divergence

from model.card import Group
from model.losses import divergence, loss

ONE = Group(name="one", kind="softmax", labels=("a", "b", "c"))
ANY = Group(name="any", kind="sigmoid", labels=("x", "y"))
LOGITS = st.lists(st.floats(-30, 30, width=32), min_size=6, max_size=6)


def test_an_unlabelled_row_adds_no_loss() -> None:
    logits = torch.tensor([[5.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    target = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    both = loss(logits, target, torch.tensor([1.0, 0.0]), ONE)
    assert float(both) == pytest.approx(float(loss(logits[:1], target[:1], torch.ones(1), ONE)))


def test_the_loss_of_a_right_and_sure_answer_is_small() -> None:
    sure = loss(torch.tensor([[9.0, -9.0]]), torch.tensor([[1.0, 0.0]]), torch.ones(1), ANY)
    assert float(sure) < 0.01


def test_a_label_that_is_not_known_costs_nothing() -> None:
    logits = torch.tensor([[3.0, -1.0]], requires_grad=True)
    whole = loss(logits, torch.tensor([[1.0, float("nan")]]), torch.ones(1), ANY)
    torch.autograd.backward(whole)
    assert whole.item() == pytest.approx(np.log1p(np.exp(-3.0)))
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0


@pytest.mark.parametrize("group", [ONE, ANY], ids=["softmax", "sigmoid"])
def test_two_equal_readings_do_not_differ(group: Group) -> None:
    logits = torch.randn(4, len(group.labels))
    assert divergence(logits, logits.clone(), torch.ones(4, 1), group) == 0


@given(LOGITS, LOGITS)
def test_readings_of_exclusive_labels_differ_by_the_mean_of_both_divergences(first: list[float], second: list[float]) -> None:
    one, other = (torch.tensor(values, dtype=torch.float64).reshape(2, 3) for values in (first, second))
    p, q = Categorical(logits=one), Categorical(logits=other)
    expected = (kl_divergence(p, q) + kl_divergence(q, p)).sum() / 2
    assert divergence(one, other, torch.ones(2, 1), ONE).item() == pytest.approx(expected.item(), abs=1e-6)


@given(LOGITS, LOGITS)
def test_readings_of_independent_labels_differ_label_by_label(first: list[float], second: list[float]) -> None:
    one, other = (torch.tensor(values, dtype=torch.float64).reshape(3, 2) for values in (first, second))
    p, q = Bernoulli(logits=one), Bernoulli(logits=other)
    expected = (kl_divergence(p, q) + kl_divergence(q, p)).sum() / 2
    assert divergence(one, other, torch.ones(3, 1), ANY).item() == pytest.approx(expected.item(), abs=1e-6)


def test_readings_of_what_is_not_labelled_may_differ() -> None:
    one, other = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, -2.0], [-3.0, -4.0]])
    assert divergence(one, other, torch.tensor([[1.0, 0.0], [0.0, 0.0]]), ANY) == 0

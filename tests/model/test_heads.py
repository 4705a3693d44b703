"""Heads: logits to probabilities, labels to topics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.card import Group
from model.heads import probabilities, topic_probabilities

ONE = Group(name="one", kind="softmax", labels=("a", "b", "c"), topics={"a": ("fraud",), "b": ("fraud",)})
ANY = Group(name="any", kind="sigmoid", labels=("x", "y"), topics={"x": ("fraud",), "y": ("fraud", "energy")})
GENERAL = Group(name="all", kind="softmax", labels=("a", "b"), topics={"a": ("general",), "b": ("fraud",)})


@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3))
def test_probabilities_of_exclusive_labels_sum_to_one(logits: list[float]) -> None:
    assert probabilities(np.array([logits]), ONE).sum() == pytest.approx(1)


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=2))
def test_probabilities_of_independent_labels_lie_between_nothing_and_one(logits: list[float]) -> None:
    shares = probabilities(np.array([logits]), ANY)
    assert ((shares >= 0) & (shares <= 1)).all()


def test_a_higher_temperature_makes_a_head_less_sure() -> None:
    mild = ONE.model_copy(update={"temperature": 3.0})
    logits = np.array([[2.0, 0.0, 0.0]])
    assert probabilities(logits, mild)[0, 0] < probabilities(logits, ONE)[0, 0]


def test_exclusive_labels_of_one_topic_add_up() -> None:
    topics = topic_probabilities({"one": np.array([[0.3, 0.5, 0.2]])}, (ONE,))
    assert topics["fraud"][0] == pytest.approx(0.8)


def test_independent_labels_of_one_topic_combine_by_noisy_or() -> None:
    topics = topic_probabilities({"any": np.array([[0.5, 0.5]])}, (ANY,))
    assert topics["fraud"][0] == pytest.approx(0.75)


def test_topics_of_two_groups_combine_by_noisy_or() -> None:
    found = {"one": np.array([[0.5, 0.0, 0.5]]), "any": np.array([[0.5, 0.0]])}
    assert topic_probabilities(found, (ONE, ANY))["fraud"][0] == pytest.approx(0.75)


def test_general_is_what_is_left_when_no_topic_holds() -> None:
    topics = topic_probabilities({"any": np.array([[0.0, 0.25]])}, (ANY,))
    assert topics["general"][0] == pytest.approx(0.75 * 0.75)


def test_general_is_a_label_where_the_card_says_so() -> None:
    topics = topic_probabilities({"all": np.array([[0.7, 0.3]])}, (GENERAL,))
    assert topics["general"][0] == pytest.approx(0.7)

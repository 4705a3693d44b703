"""The mix of stances that a pack has learnt, and the training mix: what it reads in held-out texts."""

from collections.abc import Sequence

import pytest

from model.card import Prior
from model.data import Example
from model.mix import stance_prior, training_mix
from model.pack import Prediction


class Plain:
    """A predictor that takes the first letter for the topic."""

    name, version = "plain", "1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        topics = ["fraud" if text.startswith("f") else "market" for text in texts]
        return [Prediction((0.5, 0.3, 0.2), {one: 1.0}, (one,), {}, (), truncated=False) for one in topics]


def test_the_mix_is_of_held_out_texts_and_its_shares_sum_to_one() -> None:
    examples = [Example(f"{letter}{chr(0x4E00 + number)}", {}, {}) for letter in "fm" for number in range(200)]
    held_out = [example.text for example in examples if example.held_out]
    mix = training_mix(Plain(), examples)
    assert mix is not None
    assert mix.texts == len(held_out)
    assert mix.stances == {"negative": 0.5, "neutral": 0.3, "positive": 0.2}
    assert sum(mix.topics.values()) == pytest.approx(1, abs=1e-3)
    assert mix.topics["fraud"] == pytest.approx(sum(text[0] == "f" for text in held_out) / len(held_out), abs=1e-4)


def test_without_held_out_texts_there_is_no_mix() -> None:
    assert training_mix(Plain(), []) is None


def test_the_mix_that_is_learnt_is_that_of_the_labels_weak_ones_by_their_weights() -> None:
    posts = [Example(str(i), {"stance": (0.0, 1.0, 0.0)}, {"stance": 1.0}) for i in range(7)]
    events = [Example(f"event {i}", {"stance": (1.0, 0.0, 0.0)}, {"stance": 0.25}) for i in range(8)]
    other = Example("other", {"event": (1.0, 0.0)}, {"event": 1.0})
    assert stance_prior([*posts, *events, other]) == Prior(negative=0.25, neutral=0.6667, positive=0.0833)


def test_where_no_stance_is_labelled_no_mix_is_learnt() -> None:
    prior = stance_prior([Example("other", {"event": (1.0, 0.0)}, {"event": 1.0})])
    assert (prior.negative, prior.neutral, prior.positive) == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=1e-4)

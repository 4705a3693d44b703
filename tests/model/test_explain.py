"""Explaining: a word's contribution is what the answer loses without it."""

from collections.abc import Sequence

import pytest

from model.entities import Entity, Watchlist
from model.explain import MOST_RUNS, Decision, explain
from model.pack import Prediction

NOBODY = Watchlist([])


class Plain:
    """A predictor to which "fraud" is what makes a text negative and about fraud, and "calm" half undoes it."""

    name, version = "plain", "1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Prediction:
        bad = 0.2 + (0.6 if "fraud" in text else 0) - (0.1 if "calm" in text else 0)
        topics = {"fraud": bad, "company": 0.5}
        return Prediction((bad, 0.9 - bad, 0.1), topics, ("fraud", "company"), {}, (), truncated=False)


def values(decision: Decision) -> dict[str, float]:
    return {one.word: round(one.value, 6) for one in decision.words}


def test_stance_and_each_topic_of_the_set_are_explained() -> None:
    found = explain(Plain(), "fraud at a bank", NOBODY)
    assert [(one.head, one.answer) for one in found] == [("stance", "negative"), ("topic", "fraud"), ("topic", "company")]
    assert [one.probability for one in found] == pytest.approx([0.8, 0.8, 0.5])


def test_a_word_weighs_what_the_answer_loses_without_it() -> None:
    stance, _, company = explain(Plain(), "fraud but calm talk", NOBODY)
    assert values(stance) == {"fraud": 0.6, "calm": -0.1, "talk": 0.0}
    assert set(values(company).values()) == {0.0}


def test_the_heaviest_words_come_first_whichever_way_they_speak() -> None:
    stance = explain(Plain(), "talk calm fraud", NOBODY)[0]
    assert [one.word for one in stance.best(2)] == ["fraud", "calm"]


def test_words_that_link_others_and_signs_are_not_told() -> None:
    assert values(explain(Plain(), "the fraud , of it !", NOBODY)[0]).keys() == {"fraud"}


def test_places_are_those_of_the_text_as_given() -> None:
    given = "so   <b>fraud</b> here"
    word = next(one for one in explain(Plain(), given, NOBODY)[0].words if one.word == "fraud")
    assert (word.start, word.end) == (8, 13)


def test_an_entity_with_clauses_of_its_own_has_a_stance_of_its_own() -> None:
    listed = Watchlist([Entity(id="acme", name="Acme"), Entity(id="beta", name="Beta")])
    found = explain(Plain(), "Acme tells of fraud. Beta is calm.", listed)
    own = {one.entity: one for one in found if one.entity}
    assert {name: one.answer for name, one in own.items()} == {"acme": "negative", "beta": "neutral"}
    assert values(own["acme"])["fraud"] == 0.6


def test_a_long_text_is_explained_by_runs_of_words() -> None:
    given = " ".join(["talk"] * 500 + ["fraud"])
    stance = explain(Plain(), given, NOBODY)[0]
    assert len(stance.words) <= MOST_RUNS
    assert stance.best(1)[0].end == len(given)


def test_a_text_without_words_is_explained_by_none() -> None:
    assert explain(Plain(), "?!", NOBODY)[0].words == ()

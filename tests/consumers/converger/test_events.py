"""Events: what a hypothesis becomes, and the way to the store and back."""

import dataclasses
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import UNITS, Event, event_of, parse_subject
from groundswell.messages import Hypothesis, Stance, Subject
from model.card import Prior

MakeHypothesis = Callable[..., Hypothesis]

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1)


@given(
    st.lists(st.tuples(names, st.booleans()), min_size=1, max_size=3, unique_by=lambda pair: pair[0]),
    texts,
    st.none() | texts,
    st.lists(texts, max_size=3),
    st.integers(0, UNITS),
    st.integers(0, 40_000_000),
)
def test_an_event_comes_back_from_the_store_with_the_subjects_that_counted(
    pairs: list[tuple[str, bool]], content: str, maybe: str | None, words: list[str], mass: int, minute: int
) -> None:
    subjects, listed = tuple(name for name, _ in pairs), tuple(words)
    event = Event(content, subjects, minute, mass, UNITS - mass, maybe, content, "wire", content, maybe, listed, listed[1:])
    mask = "".join("1" if counted else "0" for _, counted in pairs)
    back = Event.decode((mask + event.encode()).encode())
    assert back == dataclasses.replace(event, subjects=tuple(name for name, counted in pairs if counted))


def test_an_event_that_was_stored_before_entities_were_comes_back_without_any(event: Callable[..., Event]) -> None:
    stored = json.loads(event(1, 7, words=("fell",)).encode())
    assert Event.decode(b"1" + json.dumps(stored[:-1]).encode()) == event(1, 7, words=("fell",))


@pytest.mark.parametrize(
    ("subject", "told"), [(Subject(topic="fraud"), ("acme",)), (Subject(topic="fraud", entity="acme"), ())]
)
def test_a_topic_alone_is_told_the_entities_of_its_text(
    hypothesis_of: MakeHypothesis, subject: Subject, told: tuple[str, ...]
) -> None:
    assert event_of(hypothesis_of(1, 0, subject=subject), 0, None, (), None, ("acme",)).entities == told


@pytest.mark.parametrize("name", ["liquidity/acme", "*/acme", "liquidity/*", "liquidity/a/b", "*/*"])
def test_a_subject_is_parsed_back_from_its_name(name: str) -> None:
    assert str(parse_subject(name)) == name


@pytest.mark.parametrize(
    ("subject", "counted"),
    [
        (Subject(topic="liquidity", entity="acme"), ("liquidity/acme", "*/acme")),
        (Subject(topic="liquidity"), ("liquidity/*",)),
        (Subject(entity="acme"), ("*/acme",)),
    ],
)
def test_a_reading_of_an_entity_counts_for_the_entity_as_a_whole_too(
    hypothesis_of: MakeHypothesis, subject: Subject, counted: tuple[str, ...]
) -> None:
    assert event_of(hypothesis_of(1, 0, subject=subject), 0, None, ()).subjects == counted


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(-0.0009, 0.0009))
def test_masses_never_add_up_to_more_than_one_text(hypothesis_of: MakeHypothesis, low: int, high: int, excess: float) -> None:
    negative, upper = min(low, high) / 1000, max(low, high) / 1000
    positive = min(1.0, max(0.0, 1 - upper + excess))
    stance = Stance(negative=negative, neutral=upper - negative, positive=positive)
    event = event_of(hypothesis_of(1, 0, stance=stance), 0, None, ())
    assert event.neutral >= 0
    assert event.negative + event.neutral + event.positive == UNITS


def test_an_unsure_text_is_no_vote(hypothesis_of: MakeHypothesis) -> None:
    event = event_of(hypothesis_of(1, 0, stance=Stance(negative=0.45, neutral=0.15, positive=0.4)), 0, None, ())
    assert (event.negative, event.neutral, event.positive) == (0, UNITS, 0)


def test_a_text_counts_by_what_it_says_apart_from_the_mix_of_its_packs_training(hypothesis_of: MakeHypothesis) -> None:
    hypothesis = hypothesis_of(1, 0, stance=Stance(negative=0.4, neutral=0.6, positive=0.0))
    learnt = Prior(negative=0.2, neutral=0.6, positive=0.2)
    assert event_of(hypothesis, 0, None, ()).negative == 400
    assert event_of(hypothesis, 0, None, (), learnt).negative == 667


def test_an_unsure_text_is_no_vote_whatever_its_pack_has_learnt(hypothesis_of: MakeHypothesis) -> None:
    stance = Stance(negative=0.45, neutral=0.45, positive=0.1)
    event = event_of(hypothesis_of(1, 0, stance=stance), 0, None, (), Prior(negative=0.1, neutral=0.8, positive=0.1))
    assert (event.negative, event.positive) == (0, 0)

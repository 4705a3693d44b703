"""Taxonomy: one set of topics in two languages, each with a plan."""

import re

import pytest

from groundswell.errors import FatalError
from model.taxonomy import Topic, load


@pytest.fixture(params=load().topics.values(), ids=lambda topic: topic.id)
def topic(request: pytest.FixtureRequest) -> Topic:
    """Each topic in turn."""
    found: Topic = request.param
    return found


def test_there_are_about_two_dozen_topics() -> None:
    assert 22 <= len(load().topics) <= 28


def test_a_topic_has_a_chinese_and_an_english_name(topic: Topic) -> None:
    assert re.search(r"[\u4e00-\u9fff]", topic.zh)
    assert topic.en.isascii()


def test_a_plan_has_the_same_steps_in_both_languages(topic: Topic) -> None:
    assert len(topic.plan_en) == len(topic.plan_zh)
    assert 3 <= len(topic.plan_en) <= 4


def test_a_plan_is_the_topics_own(topic: Topic) -> None:
    others = {step for other in load().topics.values() if other is not topic for step in other.plan_en + other.plan_zh}
    assert not others & {*topic.plan_en, *topic.plan_zh}


def test_no_topic_is_its_own_ancestor(topic: Topic) -> None:
    above = list(topic.parents)
    while above:
        parent = above.pop()
        assert parent != topic.id
        above.extend(load().topic(parent).parents)


def test_a_topic_is_found_by_its_id() -> None:
    assert load().topic("fraud").zh == "财务造假与欺诈"


def test_an_unknown_topic_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FatalError, match=r"'weather' is not in the taxonomy; it has fraud"):
        load().topic("weather")

"""Taxonomy: one set of topics in two languages."""

import re
from pathlib import Path

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


OWN = """
topics:
  - {id: weather, en: Weather, zh: 天气, note: Storms., parents: [energy]}
  - {id: fraud, en: Our fraud, zh: 舞弊, note: Ours.}
"""


def test_a_pack_brings_topics_of_its_own_and_replaces_others(tmp_path: Path) -> None:
    (tmp_path / "taxonomy.yaml").write_text(OWN, "utf-8")
    topics = load(tmp_path).topics
    assert (topics["weather"].zh, topics["fraud"].en) == ("天气", "Our fraud")
    assert set(topics) == {*load().topics, "weather"}


def test_a_pack_without_topics_of_its_own_has_those_that_ship(tmp_path: Path) -> None:
    assert load(tmp_path) == load()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("topics: [{id: weather, en: Weather}]", "needs id, en, zh and note"),
        ("topics: 7", "is no list of topics"),
        ("topics: [", "is no list of topics"),
        (OWN.replace("[energy]", "[moon]"), "topic weather has the parent moon, which is no topic"),
    ],
)
def test_a_wrong_taxonomy_is_told_in_one_line(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "taxonomy.yaml").write_text(content, "utf-8")
    with pytest.raises(FatalError, match=told) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)

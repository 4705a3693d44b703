"""Playbooks: a plan for each topic and kind in both languages, the user's own before those that ship."""

import re
from pathlib import Path

import pytest

from consumers.converger.playbook import load
from groundswell.errors import FatalError
from groundswell.messages import AlertKind
from model import taxonomy

TOPICS = taxonomy.load()
HAN = re.compile(r"[\u4e00-\u9fff]")
OWN = """
topics:
  fraud:
    steps: [{en: Call us., zh: 来电。}]
    silence: [{en: Ring them up., zh: 去电。}]
kinds:
  positive_surge: [{en: Be glad., zh: 高兴。}]
"""


def english(topic: str | None, kind: str = "negative_surge", own: Path | None = None) -> list[str]:
    return [step.en for step in load(own, TOPICS).plan(topic, AlertKind(kind))]


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("topic", TOPICS.topics)
def test_each_topic_has_a_plan_for_each_kind_in_both_languages(topic: str, kind: AlertKind) -> None:
    plan = load(None, TOPICS).plan(topic, kind)
    assert 3 <= len(plan) <= 5
    assert all(HAN.search(step.zh) and step.zh.endswith("。") for step in plan)
    assert all(step.en.isascii() and step.en.endswith(".") for step in plan)
    assert len({step.en for step in plan}) == len({step.zh for step in plan}) == len(plan)


def test_no_two_topics_share_a_plan() -> None:
    plans = {tuple(english(topic)) for topic in TOPICS.topics}
    assert len(plans) == len(TOPICS.topics)


def test_much_talk_is_first_understood_then_handled_as_the_topic_is() -> None:
    plan = english("liquidity", "volume_surge")
    assert "what set the talk off" in plan[0]
    assert plan[2:] == english("liquidity")[:3]


def test_silence_asks_first_whether_texts_come_in() -> None:
    assert "texts still come in" in english("fraud", "silence")[0]


def test_good_news_of_earnings_has_a_plan_of_its_own() -> None:
    assert not set(english("earnings", "positive_surge")) & {*english("earnings"), *english("macro", "positive_surge")}


@pytest.mark.parametrize("topic", ["weather", None])
def test_a_topic_without_a_playbook_has_the_general_one(topic: str | None) -> None:
    assert english(topic) == english("general")


def test_a_playbook_of_ones_own_replaces_what_it_names_and_no_more(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, "utf-8")
    assert english("fraud", own=own) == ["Call us."]
    assert english("fraud", "silence", own) == ["Ring them up."]
    assert english("macro", "positive_surge", own) == ["Be glad."]
    assert english("macro", own=own) == english("macro")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (OWN.replace(", zh: 来电。", ""), r"topics\.fraud\.steps\.0\.zh: Field required"),
        (OWN.replace("fraud", "frod"), r"topics\.frod: no such topic; there are fraud, "),
        (OWN.replace("positive_surge", "joy"), r"kinds\.joy"),
        (OWN.replace("silence", "quiet"), r"topics\.fraud\.quiet: no such field"),
        ("topics: {fraud: {steps: []}}", r"topics\.fraud\.steps"),
        ("topics: [", "not YAML"),
        ("7", "valid dictionary"),
    ],
)
def test_a_wrong_playbook_is_told_in_one_line_that_names_the_key(tmp_path: Path, content: str, told: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(content, "utf-8")
    with pytest.raises(FatalError, match=told) as caught:
        load(own, TOPICS)
    assert str(caught.value).startswith(f"converger.playbooks {own}: ")
    assert "\n" not in str(caught.value)


def test_a_playbook_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="give the path of a YAML file"):
        load(tmp_path / "none.yaml", TOPICS)

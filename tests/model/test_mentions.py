"""What a text says of each of several entities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.entities import Entity, Watchlist
from model.mentions import parts

NAMES = ("Apple", "Tesla", "Nvidia", "茅台", "五粮液", "泸州老窖")
WATCHLIST = Watchlist(Entity(id=name, name=name) for name in NAMES)


def said(text: str) -> dict[str, str]:
    return {part.entity: part.text for part in parts(text, WATCHLIST.find(text))}


def weights(text: str, most: int = 4) -> dict[str, float]:
    return {part.entity: round(part.weight, 2) for part in parts(text, WATCHLIST.find(text), most)}


def test_a_lone_entity_has_the_whole_text() -> None:
    assert said("Rates rise. Apple falls. Bonds too.") == {"Apple": "Rates rise. Apple falls. Bonds too."}
    assert weights("Rates rise. Apple falls.") == {"Apple": 1.0}


def test_no_entity_has_no_part() -> None:
    assert said("Rates rise.") == {}


@pytest.mark.parametrize(
    ("text", "apple", "tesla"),
    [
        ("Apple fell. Tesla rose.", "Apple fell.", "Tesla rose."),
        ("Apple fell, Tesla rose.", "Apple fell,", "Tesla rose."),
        ("Apple fell. Rates rose. Tesla rose. Apple again.", "Apple fell. Apple again.", "Tesla rose."),
        ("Apple fell, as costs grew, Tesla rose", "Apple fell, as costs grew,", "Tesla rose"),
        ("Apple fell 1,000 points! Tesla rose", "Apple fell 1,000 points!", "Tesla rose"),
    ],
)
def test_an_entity_has_the_clauses_that_are_about_it(text: str, apple: str, tesla: str) -> None:
    assert said(text) == {"Apple": apple, "Tesla": tesla}


@pytest.mark.parametrize(
    "text",
    ["Apple, Tesla and Nvidia fell", "Shares fell in Apple, Tesla, Nvidia", "Apple, Tesla, and Nvidia all fell"],
)
def test_a_list_is_one_clause(text: str) -> None:
    assert said(text) == dict.fromkeys(("Apple", "Tesla", "Nvidia"), text)
    assert weights(text) == dict.fromkeys(("Apple", "Tesla", "Nvidia"), 0.58)


def test_chinese_clauses_are_told_apart() -> None:
    assert said("茅台跌停,五粮液大涨。利空") == {"茅台": "茅台跌停,", "五粮液": "五粮液大涨。"}
    assert weights("茅台、五粮液集体下跌,五粮液领跌") == {"茅台": 0.71, "五粮液": 1.0}


def test_only_the_first_entities_have_a_part_but_all_share_the_weight() -> None:
    assert weights("Apple and Tesla and Nvidia and 茅台 fell", most=2) == {"Apple": 0.5, "Tesla": 0.5}


PIECES = st.sampled_from([*NAMES, " fell", "大跌", ", ", ",", ". ", "。", " and ", "、"])


@given(st.lists(PIECES, max_size=20).map("".join))
def test_each_entity_that_is_named_has_a_part_that_names_it(text: str) -> None:
    mentions = WATCHLIST.find(text)
    found = parts(text, mentions, most=10)
    assert {part.entity for part in found} == {mention.entity for mention in mentions}
    assert all(part.entity in part.text and 0 < part.weight <= 1 for part in found)

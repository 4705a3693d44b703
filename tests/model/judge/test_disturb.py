"""Disturbances: the same text as it is also written."""

import random

import pytest

from model.cleaning import clean
from model.judge.disturb import DISTURBANCES, disturbed

TEXTS = ["Shares of $ALLY fall 5% https://a.example/x, analysts say", "公司业绩大涨,头部客户发展很快。", "", "🚀", "a"]


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_disturbed_alike_each_time(name: str, text: str) -> None:
    random.seed(name)
    assert disturbed(text, name) == disturbed(text, name)


def test_typos_touch_words_and_leave_links_and_tickers() -> None:
    found = disturbed(TEXTS[0], "typos")
    assert found != TEXTS[0]
    assert "$ALLY" in found
    assert "https://a.example/x" in found
    assert abs(len(found) - len(TEXTS[0])) <= 4


@pytest.mark.parametrize("name", ["full width", "padding spaces"])
def test_cleaning_undoes_width_and_padding(name: str) -> None:
    text = "Shares of ABC fall 5% to 3.2"
    assert disturbed(text, name) != text
    assert clean(disturbed(text, name)) == text


def test_traditional_characters_are_those_of_the_words() -> None:
    assert disturbed(TEXTS[1], "traditional characters") == "公司業績大漲,頭部客戶發展很快。"


def test_a_text_without_chinese_has_no_traditional_form() -> None:
    assert disturbed(TEXTS[0], "traditional characters") == TEXTS[0]


def test_pictures_stand_around_the_text() -> None:
    assert "".join(sign for sign in disturbed(TEXTS[1], "emoji") if sign in TEXTS[1]).strip() == TEXTS[1]

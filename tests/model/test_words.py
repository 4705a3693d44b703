"""Words: where they stand, which may be told, what is left without them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.masking import Span
from model.words import tellable, without, words_of


def words(text: str) -> list[str]:
    return [text[word.start : word.end] for word in words_of(text)]


def test_chinese_is_cut_into_words_and_not_into_characters() -> None:
    assert words("公司涉嫌财务造假") == ["公司", "涉嫌", "财务", "造假"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Shares don't fall, S&P up 3.5%!", ["Shares", "don't", "fall", "S&P", "up", "3.5%"]),
        ("茅台 Q3 miss,gg", ["茅台", "Q3", "miss", "gg"]),
        ("@user see [link] or [phone]", ["see", "or"]),
        ("?!… 🚀", []),
    ],
)
def test_words_end_at_spaces_and_signs_and_tokens_are_none(text: str, found: list[str]) -> None:
    assert words(text) == found


@settings(deadline=None)  # the first of them loads the dictionary
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_words_stand_in_order_and_apart(text: str) -> None:
    edges = [edge for word in words_of(text) for edge in word]
    assert edges == sorted(edges)
    assert all(word.start < word.end <= len(text) for word in words_of(text))


def test_a_word_that_links_others_is_not_told() -> None:
    text = "The 的 fall"
    assert [tellable(text, word) for word in words_of(text)] == [False, False, True]


def test_a_text_without_some_words_keeps_all_others() -> None:
    assert without("good bad fine", [Span(9, 13), Span(0, 4)]) == " bad "

"""Alignment: places in a cleaned text lead back to the text as it was given."""

import pytest

from model.alignment import Alignment
from model.cleaning import clean
from model.masking import Span
from model.words import words_of


def origins(given: str) -> list[str]:
    """What each word of the cleaned text was in the given one."""
    read = clean(given)
    places = [Alignment(given, read).span(word) for word in words_of(read)]
    return [given[place.start : place.end] for place in places if place]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("shares fall", ["shares", "fall"]),
        ("  shares \n\n <b>fall</b> hard", ["shares", "fall", "hard"]),
        ("ｓｈａｒｅｓ　ｆａｌｌ", ["ｓｈａｒｅｓ", "ｆａｌｌ"]),
        ("bad &amp; worse", ["bad", "worse"]),
        ("see https://example.org/x now @someone fell", ["see", "now", "fell"]),
        ("股价\u200b跌停，亏了", ["股价", "跌停", "亏了"]),
    ],
)
def test_a_word_leads_back_to_what_it_was_made_from(given: str, found: list[str]) -> None:
    assert origins(given) == found


def test_what_stands_nowhere_in_the_given_text_has_no_place() -> None:
    assert Alignment("abc", "abc xyz").span(Span(4, 7)) is None


def test_the_clauses_of_an_entity_lead_back_into_the_whole_text() -> None:
    given = "Acme soars, while Beta plunges."
    assert Alignment(given, "while Beta plunges.").span(Span(11, 18)) == Span(23, 30)

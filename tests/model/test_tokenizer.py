"""Tokenizer: the place of each token, and long texts in pieces."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from groundswell.errors import FatalError
from model.tokenizer import cut, load_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Tokenizer:
    """The tiny base's tokenizer."""
    return load_tokenizer(tiny_base)


def test_capitals_read_as_small_letters(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("GOOD").ids == tokenizer.encode("good").ids


def test_typographic_quotes_and_dashes_read_as_plain_ones(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("“good” — it’s").ids == tokenizer.encode('"good" - it\'s').ids


def test_a_span_is_the_place_of_its_token_in_the_text(tokenizer: Tokenizer) -> None:
    text = "“Good” 股 sales"
    ((piece,), _) = cut(tokenizer, [text], 64, 8)[0]
    assert [text[start:end] for start, end in piece.spans] == ["", "“", "Good", "”", "股", "sales", ""]


def test_a_short_text_is_one_piece(tokenizer: Tokenizer) -> None:
    pieces, truncated = cut(tokenizer, ["good"], 64, 8)[0]
    assert (len(pieces), truncated) == (1, False)


def test_a_lone_surrogate_is_read_without_a_crash(tokenizer: Tokenizer) -> None:
    assert len(cut(tokenizer, ["good \ud800 bad"], 64, 8)) == 1


def test_a_text_too_long_even_for_its_pieces_is_marked_as_truncated(tokenizer: Tokenizer) -> None:
    pieces, truncated = cut(tokenizer, ["good " * 100], 18, 3)[0]
    assert (len(pieces), truncated) == (3, True)


@given(words=st.integers(0, 120), length=st.integers(8, 40))
def test_every_token_is_in_a_piece_and_no_piece_is_too_long(tokenizer: Tokenizer, words: int, length: int) -> None:
    pieces, truncated = cut(tokenizer, ["good " * words], length, 1_000)[0]
    places = {span for piece in pieces for span in piece.spans if span != (0, 0)}
    assert len(places) == words
    assert max(len(piece.ids) for piece in pieces) <= length
    assert not truncated


def test_neighbouring_pieces_overlap(tokenizer: Tokenizer) -> None:
    (first, second, *_), _ = cut(tokenizer, ["good " * 60], 18, 8)[0]
    assert set(first.spans[1:-1]) & set(second.spans[1:-1])


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"neither tokenizer\.json nor vocab\.txt"):
        load_tokenizer(tmp_path)

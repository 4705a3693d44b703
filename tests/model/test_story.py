"""Stories: what copies share, and what sets two texts apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cleaning import clean
from model.story import story_hash

WORDS = st.lists(st.sampled_from(["Tesla", "fell", "5", "percent", "茅台", "跌停", "again"]), min_size=1, max_size=8)
NOISE = st.sampled_from([" ", "!", "。", "🚀", "\n", " https://x.y/z ", " @someone ", "...", "，", "\u200b", " - "])


def story(text: str) -> str:
    return story_hash(clean(text))


@given(WORDS, st.data())
def test_noise_between_words_adds_no_story(words: list[str], data: st.DataObject) -> None:
    noisy = "".join(f" {data.draw(NOISE)} {word}" for word in words) + f" {data.draw(NOISE)}"
    assert story(noisy.swapcase().replace("HTTPS", "https")) == story(" ".join(words))


@pytest.mark.parametrize(
    "copy",
    [
        "Tesla fell 5% today!",
        "TESLA FELL 5% TODAY",
        "Tesla fell ５％ today 😱",
        "RT @a: Tesla fell 5% today https://t.co/x",
    ],
)
def test_copies_are_one_story(copy: str) -> None:
    assert story(copy) == story("Tesla fell 5% today")


@pytest.mark.parametrize("other", ["Tesla fell 6% today", "Tesla rose 5% today", "Art: Tesla fell 5% today"])
def test_other_words_are_another_story(other: str) -> None:
    assert story(other) != story("Tesla fell 5% today")


def test_a_text_of_emoji_alone_is_its_own_story() -> None:
    assert story("🚀🚀") != story("😱😱")
    assert story("@a") == story("@b")


@given(st.text())
def test_a_story_is_sixteen_hexadecimal_digits(text: str) -> None:
    assert len(f"{int(story_hash(text), 16):016x}") == len(story_hash(text)) == 16

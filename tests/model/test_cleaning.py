"""Cleaning: plain one-line text from whatever came in, quickly and always the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cleaning import clean, fold

PIECES = (
    *(
        "&",
        "amp;",
        "lt;",
        "&lt;",
        "&#60;",
        "&#xFF06;",
        "&semi;",
        ";",
        "<",
        ">",
        "<b>",
        "</b>",
        "<p ",
        "=",
        "<!--",
        "-->",
    ),
    *(
        "<script>",
        "</script>",
        "http",
        "https://",
        "www.",
        "t.cn/",
        "x.y",
        ".",
        "/",
        "@",
        "中文",
        "_a",
        "-",
        ":",
        " ",
        "\n",
    ),
    *(
        "\u200b",
        "\u200d",
        "\ufe0f",
        "👩",
        "\u0301",
        "\u0344",
        "\u0338",
        "\x00",
        "\u202e",
        "ﷺ",
        "＆",
        "＜",
        "＠",
        "\ud800",
    ),
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)


def test_a_lone_surrogate_is_read_without_a_crash() -> None:
    assert clean("up\ud83d 5%") == "up\ufffd 5%"


def test_a_doubly_escaped_entity_is_undone() -> None:
    assert clean("S&amp;amp;P 500") == "S&P 500"


def test_entities_in_any_notation_are_undone() -> None:
    assert clean("AT&#38;T &#x3c;5 &copy; 5&nbsp;元") == "AT&T <5 © 5 元"


def test_an_ampersand_that_begins_no_entity_stays() -> None:
    assert clean("S&P; AT&T &notit;") == "S&P; AT&T &notit;"


def test_an_entity_made_by_removing_a_tag_is_undone() -> None:
    assert clean("&l<b></b>t;5") == "<5"


def test_block_tags_part_words_and_inline_tags_do_not() -> None:
    assert clean("<p>First</p><p class='x'>second<br/>third</p> 贵州<em>茅台</em>") == "First second third 贵州茅台"


def test_a_less_than_sign_is_no_tag() -> None:
    assert clean("PE<E 持续下跌, 3<5>2, yield <b") == "PE<E 持续下跌, 3<5>2, yield <b"


def test_scripts_styles_and_comments_are_not_text() -> None:
    assert clean("a<script>alert(1)</script>b<STYLE>p{}</STYLE>c<!-- d -->e") == "a b c e"


def test_a_comment_without_an_end_hides_nothing() -> None:
    assert clean("a <!-- profit warning") == "a <!-- profit warning"


def test_full_width_characters_become_plain_ones() -> None:
    assert clean("＄ＴＳＬＡ　跌５％，快跑！") == "$TSLA 跌5%,快跑!"


def test_zero_width_and_bidi_marks_are_removed() -> None:
    assert clean("茅\u200b台 \u202eevil\u202c \ufeffTes\u00adla \u200fx") == "茅台 evil Tesla x"


def test_nul_and_control_characters_are_removed() -> None:
    assert clean("a\x00b\x07c\x7f\tnext\r\nline") == "abc next line"


def test_a_family_emoji_stays_one_picture() -> None:
    assert clean("我们👨‍👩‍👧‍👦 all in") == "我们👨‍👩‍👧‍👦 all in"


def test_a_joiner_outside_a_picture_is_removed() -> None:
    assert clean("pro\u200dfit 🚀\u200d") == "profit 🚀"


def test_urls_become_a_token() -> None:
    assert clean("see https://x.y/a?b=1&c=2, www.z.com. t.cn/A6x（完）") == "see [link], [link]. [link](完)"


def test_chinese_after_a_url_is_kept() -> None:
    assert clean("https://t.cn/A6x茅台跌停") == "[link]茅台跌停"


def test_handles_become_a_token() -> None:
    assert clean("@a_1 says, 转发@新浪财经: 利好 //@b") == "@user says, 转发@user: 利好 //@user"


def test_a_chinese_sentence_after_an_at_sign_is_kept() -> None:
    assert clean("@贵州茅台今天跌停了大家怎么看这件事情呢") == "@贵州茅台今天跌停了大家怎么看这件事情呢"


def test_an_email_address_is_no_handle() -> None:
    assert clean("mail ir@example.com") == "mail ir@example.com"


def test_curly_quotes_and_long_dashes_become_ascii() -> None:
    assert clean("“Don’t” — ‘sell’ – 10−5…") == "\"Don't\" - 'sell' - 10-5..."


def test_nothing_left_is_an_empty_text() -> None:
    assert clean("\x00\u200b\ufeff \n") == ""


@given(HOSTILE)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(st.text())
def test_any_text_becomes_one_line_of_valid_unicode(text: str) -> None:
    once = clean(text)
    assert once == " ".join(once.split())
    assert once.encode() == clean(once).encode()


@given(st.text())
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "<",
            "&amp;",
            "amp;",
            "&semi;",
            "<a ",
            "<a =",
            "<script>",
            "<!--",
            "@",
            "@中",
            "https://",
            "https://a....",
            "www.",
        ),
        *("&l<b>t;", "a\u0301\u0327", "\u0301\u0327", "\u0301\U0001d165", "\u200d", " ", ";", "t.co/", "<b", "\ufdfa"),
    ],
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    text = "&" + unit * (100_000 // len(unit))
    start = time.process_time()
    clean(text)
    assert time.process_time() - start < 6

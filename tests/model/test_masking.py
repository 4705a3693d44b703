"""Masking: what names a private person goes, what names a market stays. All numbers are made up or official samples."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cleaning import clean
from model.masking import Span, author_hash, excerpt, mask

PRIVATE = st.sampled_from(
    [
        "13800000000",
        "+86 138-0000-0000",
        "ir@example.com",
        "4111 1111 1111 1111",
        "11010519491231002X",
        "1",
        " ",
        "a",
        "-",
    ]
)


@pytest.mark.parametrize(
    "number",
    ["13812345678", "138 1234 5678", "138-1234-5678", "+86 13812345678", "+86-138-1234-5678", "8613812345678"],
)
def test_a_chinese_mobile_number_is_masked(number: str) -> None:
    assert mask(f"加微信{number}进群") == "加微信[phone]进群"


@pytest.mark.parametrize(
    "number",
    ["+1 415 555 2671", "+14155552671", "+44 20 7946 0958", "+852 2123 4567", "(415) 555-2671", "010-62345678"],
)
def test_other_phone_numbers_are_masked(number: str) -> None:
    assert mask(f"call {number} now") == "call [phone] now"


def test_each_number_of_a_list_is_masked() -> None:
    assert mask("13812345678,13912345678-vx13712345678") == "[phone],[phone]-vx[phone]"


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", "110105 19491231 002X", "110105491231002"])
def test_a_chinese_id_number_is_masked(number: str) -> None:
    assert mask(f"身份证{number}.") == "身份证[id]."


def test_eighteen_digits_that_fail_the_check_are_no_id_number() -> None:
    assert mask("110105194912310021") == "110105194912310021"


@pytest.mark.parametrize("address", ["ir@example.com", "A.b-c+d_e@mail.example.co.uk", "1@b.cn"])
def test_an_email_address_is_masked(address: str) -> None:
    assert mask(f"联系{address}, 谢谢") == "联系[mail], 谢谢"


@pytest.mark.parametrize(
    "number",
    ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005", "6222 0212 3456 7890 128"],
)
def test_a_bank_card_is_masked(number: str) -> None:
    assert mask(f"卡号{number}") == "卡号[card]"


def test_sixteen_digits_that_fail_the_check_are_no_card() -> None:
    assert mask("4111111111111112") == "4111111111111112"


@pytest.mark.parametrize(
    "text",
    [
        "600519.SH 00700.HK SZ000001 $BRK.B",
        "sold 600519 units of stock",
        "2024-11-25 09:30:00, 20241125, 2021 2022 2023 2024",
        "1732500000000",
        "营收13800138000元, $13812345678, € 13812345678, 1,234,567,890,123",
        "up +12.5% to 1234.50, +1234567 shares, 5000000000000000元",
        "+1 2024-11-25",
    ],
)
def test_what_names_a_market_stays(text: str) -> None:
    assert mask(text) == text


@given(st.lists(PRIVATE | st.text(max_size=4), max_size=12).map("".join))
def test_masking_never_makes_a_text_longer(text: str) -> None:
    assert len(mask(text)) <= len(text)


@given(st.lists(PRIVATE | st.text(max_size=30), max_size=30).map("".join), st.integers(0, 300), st.integers(20, 200))
def test_an_excerpt_keeps_its_limit(text: str, start: int, limit: int) -> None:
    assert len(excerpt(clean(text), [Span(start, start + 4)], limit)) <= limit


@pytest.mark.parametrize("unit", ["1", "1 ", "a@", "a.", "13812345678 ", "a@b.cn ", "4111 ", "+1 ", "1(", "("])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    mask(unit * (100_000 // len(unit)))
    assert time.process_time() - start < 2


def test_an_author_has_the_same_hash_each_time_and_another_under_another_key() -> None:
    one = author_hash("trader_1", b"key")
    assert one == author_hash("trader_1", b"key")
    assert len(one) == 16
    assert int(one, 16) >= 0
    assert one != author_hash("trader_1", b"other")
    assert one != author_hash("trader_2", b"key")


def test_an_author_key_may_be_long() -> None:
    assert author_hash("a", b"k" * 100) != author_hash("a", b"k" * 101)


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("茅台跌停,电话13812345678") == "茅台跌停,电话[phone]"


def test_a_long_text_is_cut_after_a_sentence() -> None:
    text = "Shares fell by half. " * 20
    assert excerpt(text, limit=100) == "Shares fell by half. Shares fell by half. Shares fell by half. Shares fell by half.…"


def test_a_long_sentence_is_cut_between_words() -> None:
    assert excerpt("profit warning " * 20, limit=40) == "profit warning profit warning profit…"


def test_an_excerpt_shows_the_sentence_of_an_entity_deep_in_the_text() -> None:
    text = "无关的一句话。" * 60 + "贵州茅台暴跌。" + "后面的话。" * 60
    start = text.index("贵州茅台")
    assert excerpt(text, [Span(start, start + 4)], 60).startswith("…无关的一句话。") is False
    assert "贵州茅台暴跌。" in excerpt(text, [Span(start, start + 4)], 60)


def test_numbers_masked_before_the_entity_do_not_shift_the_excerpt() -> None:
    text = "13812345678。" * 60 + "贵州茅台暴跌。" + "后面的话。" * 60
    start = text.index("贵州茅台")
    assert "贵州茅台暴跌。" in excerpt(text, [Span(start, start + 4)], 60)


def test_a_number_at_the_cut_is_not_shown_in_part() -> None:
    shown = excerpt("字" * 195 + "13812345678" + "字" * 100)
    assert not any(character.isdigit() for character in shown)
    assert "[" not in shown


def test_a_picture_is_not_cut_in_pieces() -> None:
    assert excerpt("字" * 17 + "👨‍👩‍👧‍👦" * 5, limit=20) == "字" * 17 + "…"

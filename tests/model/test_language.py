"""Routing: which language a text is in, whatever stands around its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cleaning import clean
from model.language import route


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("茅台 Q3 miss,gg", "zh"),
        ("Nvidia 财报炸裂🚀", "zh"),
        ("@a https://x.y", "und"),
        ("利好", "zh"),
        ("貴州茅台股價大漲", "zh"),
        ("鲜の每日利润大涨", "zh"),
        ("Tesla to the moon 🚀🚀", "en"),
        ("gg", "en"),
        ("$HAL | Q2 22 Adj EPS: $0.49 (est $0.45) - Revenue: $5.1B (est $4.7B), down Y/Y, up Y/Y", "en"),
        ("Shares of Kweichow Moutai (贵州茅台) fell 3% after results", "en"),
        ("@某某 https://t.cn/x?q=词 Shares fall", "en"),
        ("🚀🚀", "und"),
        ("", "und"),
        ("$TSLA 123.45 600519.SH", "und"),
    ],
)
def test_a_text_is_routed_by_its_script(text: str, language: str) -> None:
    assert route(text) == route(clean(text)) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Сбербанк вырос на 3%", "ru"),
        ("Курс гривні їде вниз", "uk"),
        ("ソニーの株価が上昇", "ja"),
        ("삼성전자 주가 상승", "ko"),
        ("ارتفع السهم", "ar"),
        ("המניה עלתה", "he"),
        ("หุ้นขึ้น", "th"),
        ("La bolsa de Madrid cae por el miedo a la inflación", "es"),
        ("Die Aktie ist nach den Zahlen gefallen", "de"),
        ("L'action est en hausse avec les marchés", "fr"),
    ],
)
def test_a_text_that_no_pack_reads_has_a_guessed_language(text: str, language: str) -> None:
    assert route(text) == language


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("Tesla up", "en-US", "en"),
        ("Tesla", "fr", "fr"),
        ("株価上昇", "ja", "ja"),
        ("🚀", "en", "en"),
        ("茅台 will miss earnings by a mile again", "zh-CN", "zh"),
        ("香港股市", "yue_HK", "zh"),
    ],
)
def test_what_the_producer_declares_holds_where_the_script_allows_it(text: str, declared: str, language: str) -> None:
    assert route(text, declared) == language


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("利好", "en", "zh"),
        ("Tesla up", "zh-CN", "en"),
        ("ソニーの株価が", "zh", "ja"),
        ("@a https://x.y", "en", "und"),
    ],
)
def test_what_the_script_contradicts_does_not_hold(text: str, declared: str, language: str) -> None:
    assert route(text, declared) == language


@pytest.mark.parametrize("declared", ["", "x", "english", "12", "🚀"])
def test_what_is_no_language_is_ignored(declared: str) -> None:
    assert route("利好", declared) == "zh"


@given(st.text(), st.none() | st.text(max_size=8))
def test_any_text_has_a_language(text: str, declared: str | None) -> None:
    language = route(text, declared)
    assert language == "und" or (len(language) == 2 and language.isalpha())

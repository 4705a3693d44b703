"""Entities: who is named, who is not, and a watchlist that can be changed while everything runs."""

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.clock import ManualClock
from groundswell.errors import FatalError
from model.cleaning import clean
from model.entities import Entity, Mention, Watchlist, WatchlistFile

WATCHLIST = Watchlist(
    [
        Entity(id="allstate", name="Allstate", aliases=("$ALL", "ALL")),
        Entity(id="gartner", name="Gartner", aliases=("IT",)),
        Entity(id="agilent", name="Agilent", aliases=("A",)),
        Entity(id="moutai", name="贵州茅台", aliases=("茅台", "600519.SH")),
        Entity(id="maotai-town", name="茅台镇"),
        Entity(id="gm", name="General Motors", aliases=("GM",)),
        Entity(id="nvidia", name="Nvidia", aliases=("$NVDA",)),
        Entity(id="att", name="AT&T", aliases=("$T",)),
        Entity(id="ford", name="Ford"),
        Entity(id="tcl", name="TCL科技"),
    ]
)


def named(text: str, watchlist: Watchlist = WATCHLIST) -> list[str]:
    return [mention.entity for mention in watchlist.find(text)]


@pytest.mark.parametrize("watchlist", [Watchlist(), WATCHLIST])
@pytest.mark.parametrize(
    "text",
    [
        "ALL I can say is IT was great",
        "sold 600519 units of stock",
        "paid $100 or $1.5B or US$5, 20 $bn",
        "A股大涨",
        "IT行业的A股",
        "the U.S.A and e.g. this",
        "2024-11-25, 202411 (202411)",
    ],
)
def test_words_and_numbers_that_look_like_symbols_are_none(text: str, watchlist: Watchlist) -> None:
    assert named(text, watchlist) == []


def test_a_cashtag_is_found_without_a_watchlist() -> None:
    assert named("$ALL beats", Watchlist()) == ["ALL"]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        *(("BRK.B", "BRK.B"), ("$BRK.B", "BRK.B"), ("$BRK-B", "BRK.B"), ("NYSE: BRK.B", "BRK.B"), ("$tsla", "TSLA")),
        *(("NASDAQ:AAPL", "AAPL"), ("$AAPL.", "AAPL"), ("$TSLA暴跌", "TSLA"), ("00700.HK", "00700.HK")),
        *(("700.hk", "00700.HK"), ("HK00700", "00700.HK"), ("HKEX: 700", "00700.HK"), ("600519.SH", "600519.SH")),
        *(("600519.SS", "600519.SH"), ("SH600519", "600519.SH"), ("sz000001", "000001.SZ"), ("sz.000001", "000001.SZ")),
        *(("买SH600519吧", "600519.SH"), ("某某股份(300750)", "300750.SZ"), ("股票代码:600519", "600519.SH")),
        ("stock code 600519", "600519.SH"),
    ],
)
def test_a_market_symbol_has_one_canonical_form(text: str, entity: str) -> None:
    assert named(text, Watchlist()) == [entity]


def test_a_full_width_cashtag_is_found() -> None:
    assert named("＄TSLA", Watchlist()) == named(clean("＄ＴＳＬＡ"), Watchlist()) == ["TSLA"]


def test_the_watchlist_maps_symbols_to_its_own_ids() -> None:
    assert named("$ALL beats, SH600519, (NYSE:T), $nvda") == ["allstate", "moutai", "att", "nvidia"]


def test_mentions_say_where_they_stand() -> None:
    assert WATCHLIST.find("$ALL beats") == (Mention("allstate", 0, 4),)


@pytest.mark.parametrize("text", ["nvidia up", "Nvidia财报", "NVIDIA's", "GENERAL motors", "tcl科技"])
def test_a_long_name_counts_in_any_case(text: str) -> None:
    assert len(named(text)) == 1


def test_a_short_name_counts_only_as_written() -> None:
    assert named("Ford sells, we ford the river, FORD") == ["ford"]


def test_a_latin_name_counts_only_between_word_boundaries() -> None:
    assert named("nvidias Fordham ATCL科技 A-Ford") == ["ford"]


def test_a_pair_joined_by_an_ampersand_is_one_name() -> None:
    assert named("AT&T rises, X&Ford shares") == ["att"]


def test_the_longest_chinese_name_wins() -> None:
    assert named("贵州茅台和茅台镇") == ["moutai", "maotai-town"]


def test_a_bare_symbol_in_brackets_counts() -> None:
    assert named("the insurer (ALL) and the analysts (IT)") == ["allstate", "gartner"]


@pytest.mark.parametrize(("text", "found"), [("GM crops are debated", 0), ("GM shares fall", 1), ("买入GM吧", 1)])
def test_two_letters_need_the_market_near(text: str, found: int) -> None:
    assert len(named(text)) == found


@pytest.mark.parametrize(("text", "found"), [("NVDA is a word", 0), ("NVDA beats on earnings", 1), ("买入NVDA吧", 1)])
def test_the_bare_form_of_a_cashtag_needs_the_market_near(text: str, found: int) -> None:
    assert len(named(text)) == found


@given(
    st.lists(st.sampled_from(["茅台", "贵州", "镇", "$ALL", "(IT)", "GM", " ", "600519", ".SH", "İ", "Ford", "."])).map("".join)
)
def test_mentions_never_lie_over_one_another(text: str) -> None:
    mentions = WATCHLIST.find(text)
    places = [0, *(place for mention in mentions for place in (mention.start, mention.end)), len(text)]
    assert places == sorted(places)
    assert all(mention.start < mention.end for mention in mentions)


def test_ten_thousand_aliases_cost_no_more_than_a_few() -> None:
    many = Watchlist(
        Entity(
            id=f"e{number}",
            name=f"{chr(0x4E00 + number)}{chr(0x9FA5 - number)}股份",
            aliases=(f"Firm{number} Inc", f"X{number}Y科"),
        )
        for number in range(3400)
    )
    text = "一龥股份三季度业绩不及预期, Firm77 Inc falls. " * 100
    start = time.process_time()
    assert len(many.find(text)) == 200
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("unit", ["$", "$A", "1", "(", "SH", "中", "NYSE : ", "贵州", "代码 "])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    WATCHLIST.find(unit * (100_000 // len(unit)))
    assert time.process_time() - start < 2


def load(tmp_path: Path, content: str) -> Watchlist:
    path = tmp_path / "w.yaml"
    path.write_text(content, encoding="utf-8")
    return Watchlist.load(path)


def test_yaml_words_and_numbers_are_read_as_written(tmp_path: Path) -> None:
    watchlist = load(tmp_path, "entities:\n- {id: on-semi, name: ON Semi, aliases: [ON, 00700, 600519]}\n")
    assert watchlist.entities["on-semi"].aliases == ("ON", "00700", "600519")
    assert named("$ON, 0700.HK, 600519.SS", watchlist) == ["on-semi"] * 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "valid dictionary"),
        ("entities: [", "not YAML"),
        ("entities: []\nextra: 1", "extra: no such field"),
        ("entities:\n- {id: a, name: Acme}\n- {id: b, name: Bcme, ticker: B}", "entry 2 (b): ticker: no such field"),
        ("entities:\n- {id: a, aliases: [Acme]}", "entry 1 (a): name: Field required"),
        ("entities:\n- {id: a, name: Acme, aliases: Acme Inc}", "entry 1 (a): aliases: Input should be a valid tuple"),
        ("entities:\n- Acme", "entry 1: "),
        ("entities:\n- {id: a, name: Acme Inc}\n- {id: b, name: ACME  inc}", "alias 'ACME inc' names both 'a' and 'b'"),
        (
            "entities:\n- {id: a, name: Acme, aliases: [$AC]}\n- {id: b, name: Bcme, aliases: ['NYSE:AC']}",
            "both 'a' and 'b'",
        ),
        ("entities:\n- {id: a, name: Acme}\n- {id: a, name: Bcme}", "id 'a' is given to 'Acme' and to 'Bcme'"),
        ("entities:\n- {id: a, name: 茅}", "alias '茅' of 'a' is one character"),
    ],
)
def test_a_bad_watchlist_is_refused_in_one_line(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(FatalError) as caught:
        load(tmp_path, content)
    line = str(caught.value)
    assert reason in line
    assert str(tmp_path / "w.yaml") in line
    assert "\n" not in line


def test_a_missing_watchlist_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"watchlist .*none\.yaml: No such file"):
        Watchlist.load(tmp_path / "none.yaml")


def following(tmp_path: Path) -> tuple[WatchlistFile, Path, ManualClock]:
    path = tmp_path / "w.yaml"
    path.write_text("entities: [{id: a, name: Acme}]")
    clock = ManualClock(datetime(2024, 11, 25, tzinfo=UTC))
    return WatchlistFile(path, clock), path, clock


def test_a_changed_watchlist_counts_within_seconds(tmp_path: Path) -> None:
    file, path, clock = following(tmp_path)
    path.write_text("entities: [{id: b, name: Beta Corp}]")
    assert set(file.current().entities) == {"a"}
    clock.advance(timedelta(seconds=6))
    assert set(file.current().entities) == {"b"}


def test_an_unchanged_watchlist_is_not_built_again(tmp_path: Path) -> None:
    file, _, clock = following(tmp_path)
    before = file.current()
    clock.advance(timedelta(seconds=6))
    assert file.current() is before


@pytest.mark.parametrize("bad", ["entities: [{id: b}]", None])
def test_a_bad_change_is_logged_and_leaves_the_old_watchlist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, bad: str | None
) -> None:
    file, path, clock = following(tmp_path)
    if bad is None:
        path.unlink()
    else:
        path.write_text(bad)
    clock.advance(timedelta(seconds=6))
    with caplog.at_level(logging.WARNING):
        assert set(file.current().entities) == {"a"}
    told = capsys.readouterr()
    assert "the old watchlist stays in force" in told.out + told.err + caplog.text


def test_a_mended_watchlist_counts_again(tmp_path: Path) -> None:
    file, path, clock = following(tmp_path)
    for content in ("entities: [", "entities: [{id: c, name: Gamma Corp}]"):
        path.write_text(content)
        clock.advance(timedelta(seconds=6))
        last = file.current()
    assert set(last.entities) == {"c"}

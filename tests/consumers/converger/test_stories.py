"""Stories: light edits are one story, different complaints are not, and the order of the texts does not matter."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.stories import gathered, normal

MakeEvent = Callable[..., Event]
CHINESE = "云杉银行城南支行今早停办取款业务，几十位储户在门口排队等说法"
ENGLISH = "Tallow Bank has shut its counters in Dunmore and tells savers to come back next week"
DIFFERENT = (
    CHINESE,
    ENGLISH,
    "云杉银行的理财经理一直不接电话，到期的本金也没有人给个交代",
    "云杉银行手机客户端登录不上去，转账页面一片空白，客服只会道歉",
    "云杉银行董事长辞职，公告里没有说明原因，股价低开百分之四",
    "Tallow Bank sold me a product that lost half its worth in a month, and nobody answers my letters",
    "Tallow Bank's app logs me out each time I try to pay, support says wait, third day of this",
    "Auditors of Tallow Bank have resigned over loans that they could not trace",
)


def stories(event: MakeEvent, *texts: str) -> list[str]:
    return gathered([event(number, 0, excerpt=text) for number, text in enumerate(texts)])


@pytest.mark.parametrize(
    "copy",
    [
        f"{CHINESE}。",
        f"{CHINESE}😡😡",
        f"【快讯】{CHINESE}",
        f"{CHINESE}，大家怎么看？",
        CHINESE.replace("几十位", "近百位"),
        CHINESE.replace("，", " "),
    ],
)
def test_light_edits_of_a_chinese_text_are_one_story(event: MakeEvent, copy: str) -> None:
    assert len(set(stories(event, CHINESE, copy))) == 1


@pytest.mark.parametrize(
    "copy",
    [
        f"BREAKING: {ENGLISH}",
        f"{ENGLISH.upper()}!!! 😡",
        f"{ENGLISH}. I have all my savings there and do not know what to do now, please share.",
        ENGLISH.replace("savers", "customers"),
        f"RT @user {ENGLISH} [link]",
    ],
)
def test_light_edits_of_an_english_text_are_one_story(event: MakeEvent, copy: str) -> None:
    assert len(set(stories(event, ENGLISH, copy))) == 1


def test_a_text_of_both_scripts_is_the_same_story_with_a_headline_around_it(event: MakeEvent) -> None:
    mixed = "Tallow Bank (TLWB.N) Q3 miss, 净利润下滑, CEO resigns, 股价盘后跌"
    assert len(set(stories(event, mixed, f"【快讯】{mixed}", f"BREAKING NEWS {mixed}"))) == 1


def test_a_changed_number_makes_no_new_story(event: MakeEvent) -> None:
    assert len(set(stories(event, "Tallow Bank falls 3.5% at the open", "Tallow Bank falls 12% at the open"))) == 1


def test_different_complaints_about_one_company_stay_apart(event: MakeEvent) -> None:
    assert len(set(stories(event, *DIFFERENT))) == len(DIFFERENT)


def test_short_texts_are_one_story_only_when_their_hashes_are_equal(event: MakeEvent) -> None:
    assert len(set(stories(event, "云杉银行垃圾", "云杉银行垃圾1"))) == 2
    same = [event(number, 0, excerpt="云杉银行垃圾", story="one") for number in range(2)]
    assert len(set(gathered(same))) == 1


def test_equal_hashes_are_one_story_whatever_part_of_the_text_is_shown(event: MakeEvent) -> None:
    parts = [event(number, 0, story="one", excerpt=text) for number, text in enumerate(DIFFERENT[:3])]
    assert set(gathered(parts)) == {"one"}


@settings(deadline=None)
@given(st.permutations([*DIFFERENT, f"{CHINESE}。", f"【转】{CHINESE}", f"{ENGLISH}!"]))
def test_the_order_of_the_texts_does_not_change_their_stories(event: MakeEvent, texts: list[str]) -> None:
    made = sorted(texts)
    events = [event(made.index(text), 0, excerpt=text) for text in texts]
    told = dict(zip([one.text_id for one in events], gathered(events), strict=True))
    assert told == {f"t{number}": story for number, story in enumerate(stories(event, *made))}


@given(st.text(max_size=80))
def test_any_text_has_a_story_and_a_normal_form_that_stays(event: MakeEvent, text: str) -> None:
    assert len(stories(event, text)) == 1
    assert normal(normal(text)) == normal(text)

"""Keywords: what stands out from the subject's own past, and what never is a keyword."""

import time
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as checked
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.keywords import keywords, log_odds

MakeEvent = Callable[..., Event]
CALM = (
    "Tallow Bank opens a branch in Dunmore next spring",
    "Quarterly report of Tallow Bank due on Friday",
    "Tallow Bank sponsors the harbour race again",
    "New savings accounts at Tallow Bank explained",
    "Tallow Bank names an economist for its research desk",
)
CRISIS = (
    "Withdrawals frozen at Tallow Bank, queues round the block",
    "My card is dead and withdrawals are stopped, what is going on",
    "Tallow Bank halts withdrawals, regulator says it watches 24/7",
    "No withdrawals today, branch shut, regulator silent, see [link]",
    "@user the regulator must act, people cannot pay rent 2026",
)


@pytest.fixture(scope="session")
def told(event: MakeEvent) -> Callable[..., list[Event]]:
    """Events with the texts given."""

    def make(texts: tuple[str, ...], first: int = 0, **fields: str) -> list[Event]:
        return [event(first + number, 0, excerpt=text, **fields) for number, text in enumerate(texts)]

    return make


def test_the_words_that_are_new_lead(told: Callable[..., list[Event]]) -> None:
    assert keywords(told(CRISIS), told(CALM, 100), ["Tallow Bank"])[:2] == ("withdrawals", "regulator")


def test_numbers_links_handles_and_the_subjects_own_name_are_none(told: Callable[..., list[Event]]) -> None:
    found = {word.casefold() for word in keywords(told(CRISIS * 2), told(CALM[:1], 100), ["Tallow Bank", "$TLWB"])}
    assert not found & {"tallow", "bank", "tlwb", "24/7", "2026", "link", "user", "[link]", "is", "the"}


def test_chinese_is_cut_into_words_and_the_name_left_out(told: Callable[..., list[Event]]) -> None:
    now = ("云杉银行无法提现，储户排队", "昨天起提现失败，客服不接电话", "云杉银行提现要等一周，谁信")
    before = ("云杉银行推出新款信用卡", "云杉银行参加本地马拉松", "信用卡活动又开始了")
    found = keywords(told(now), told(before, 100), ["云杉银行", "云杉"])
    assert found[0] == "提现"
    assert not {"云杉", "银行", "信用卡"} & set(found)


def test_a_word_is_told_in_one_of_its_forms(told: Callable[..., list[Event]]) -> None:
    now = ("shares plunge in Dunmore", "the price plunges at noon", "plunge goes on after lunch", "it plunges without end")
    found = keywords(told(now), told(CALM, 100))
    assert len([word for word in found if word.startswith("plunge")]) == 1


def test_copies_do_not_vote(told: Callable[..., list[Event]]) -> None:
    copies = ("Moonshot coin pays out ten times what you put in, join the channel now",) * 40
    assert "Moonshot" not in keywords(told(copies, 50, story="one") + told(CRISIS), told(CALM, 100))


def test_without_a_past_the_words_that_decided_are_told(event: MakeEvent) -> None:
    events = [event(number, 0, words=("frozen", f"w{number}")) for number in range(12)]
    assert keywords(events, [])[0] == "frozen"
    assert len(keywords(events, [])) == 8
    assert "frozen" not in keywords(events, [], ["Frozen"])


def test_the_order_of_texts_changes_nothing(told: Callable[..., list[Event]]) -> None:
    window, past = told(CRISIS), told(CALM, 100)
    expected = keywords(window, past)
    Random(1).shuffle(window)  # noqa: S311
    assert keywords(window, past[::-1]) == expected


def test_log_odds_are_positive_where_a_word_is_used_more_and_shrink_where_it_is_rare() -> None:
    found = log_odds({"frozen": 30, "branch": 30, "once": 1}, {"branch": 60, "frozen": 1})
    assert found["frozen"] > 3 > found["once"] > 0 > found["branch"]


def test_three_hundred_texts_are_looked_through_once(told: Callable[..., list[Event]]) -> None:
    texts = tuple(
        f"{CRISIS[number % 5]} and {number} more say the same of branch {chr(97 + number % 26)}" for number in range(300)
    )
    window, past = told(texts), told(CALM * 60, 1000)
    keywords(window, past)
    began = time.process_time()
    keywords(window, past)
    assert time.process_time() - began < 1.0


@checked(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=30), max_size=6))
def test_any_texts_give_at_most_eight_keywords(told: Callable[..., list[Event]], now: list[str], before: list[str]) -> None:
    assert len(keywords(told(tuple(now)), told(tuple(before), 100))) <= 8

"""Support: one author, or one story, weighs at most logarithmically."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.support import support, weights
from groundswell.messages import AlertKind
from tests.consumers.converger.looking import END, flat, kinds, memory_of

MakeEvent = Callable[..., Event]


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_texts_of_one_author_weigh_as_the_logarithm_of_their_number(event: MakeEvent, count: int) -> None:
    events = [event(number, 0, author="one") for number in range(count)]
    assert math.fsum(weights(events)) == pytest.approx(math.log2(1 + count))


def test_three_hundred_copies_of_one_story_weigh_as_the_logarithm_of_their_number(event: MakeEvent) -> None:
    backing = support([event(number, 0, story="one") for number in range(300)], "negative")
    assert backing.counts.weight == pytest.approx(math.log2(301))
    assert backing.counts.texts == 300
    assert (backing.texts, backing.authors, backing.stories, backing.copies) == (300, 300, 1, 300)


def test_copies_with_a_full_stop_or_an_emoji_more_are_one_story(event: MakeEvent) -> None:
    post = "云杉银行城南支行今早停办取款业务，储户排队等说法"
    copies = [event(number, 0, excerpt=post + ("", "。", "😡")[number % 3]) for number in range(300)]
    backing = support(copies, "negative")
    assert (backing.texts, backing.authors, backing.stories, backing.copies) == (300, 300, 1, 300)
    assert backing.counts.negative == pytest.approx(0.9 * math.log2(301))


def test_texts_of_different_authors_and_stories_weigh_in_full(event: MakeEvent) -> None:
    assert weights([event(number, 0) for number in range(20)]) == [1.0] * 20


def test_texts_without_an_author_do_not_count_as_one_author(event: MakeEvent) -> None:
    assert weights([event(number, 0, author=None) for number in range(20)]) == [1.0] * 20


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_no_text_weighs_more_than_one_and_none_weighs_nothing(event: MakeEvent, pairs: list[tuple[int, int]]) -> None:
    events = [event(number, 0, author=f"a{one}", story=f"s{two}") for number, (one, two) in enumerate(pairs)]
    assert all(0 < weight <= 1 for weight in weights(events))


VARIANTS = ("", "。", "！", "😡", "，求扩散", "，第{}天了", "【转】", "，{}")


@pytest.mark.parametrize(
    "fields",
    [{"author": "one"}, {"story": "one"}, {"excerpt": "云杉银行城南支行今早停办取款业务，储户排队等说法{}"}],
    ids=["one author", "one story", "light edits of one post"],
)
def test_forty_variants_of_one_voice_raise_nothing_where_forty_voices_do(event: MakeEvent, fields: dict[str, str]) -> None:
    def told(**same: str) -> set[AlertKind]:
        edits = [VARIANTS[number % len(VARIANTS)].format(number) for number in range(40)]
        fields = [{name: value.format(edit) for name, value in same.items()} for edit in edits]
        events = [event(number, END - 1 - number, **own) for number, own in enumerate(fields)]
        return set(kinds({"*/acme": memory_of(flat(3, 1), events)}))

    assert told() >= {AlertKind.NEGATIVE_SURGE, AlertKind.VOLUME_SURGE}
    assert told(**fields) == set()


def test_a_loud_author_with_two_others_is_no_surge_where_five_authors_are(event: MakeEvent) -> None:
    def told(authors: list[str]) -> set[AlertKind]:
        events = [event(number, END - 1 - number, author=author) for number, author in enumerate(authors)]
        return set(kinds({"*/acme": memory_of(flat(1, 0), events)}))

    assert AlertKind.NEGATIVE_SURGE not in told(["loud"] * 20 + ["one", "two"])
    assert AlertKind.NEGATIVE_SURGE in told([f"a{number % 9}" for number in range(22)])

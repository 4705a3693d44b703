"""Evidence: weighty stories first, then those that add most, each with its copies and the words that decided it."""

from collections.abc import Callable

from consumers.converger.events import Event
from consumers.converger.evidence import evidence

MakeEvent = Callable[..., Event]
SAID = (
    "counters shut in Dunmore",
    "auditor resigned on Monday",
    "card refused at the till",
    "deposits leave for rivals",
    "minister calls a meeting",
    "bondholders form a group",
)


def test_the_story_with_the_most_copies_leads_and_its_copies_are_counted(event: MakeEvent) -> None:
    copies = [event(number, number, story="one", excerpt="Withdrawals have been stopped at Tallow Bank") for number in range(9)]
    shown = evidence([event(99, 0, excerpt=SAID[0]), *copies], "negative")
    assert [one.copies for one in shown] == [9, 1]


def test_at_most_five_stories_are_shown_and_each_once(event: MakeEvent) -> None:
    events = [event(number, 0, excerpt=text) for number, text in enumerate(SAID * 3)]
    shown = evidence([*events, *events], "negative")
    assert len({one.excerpt for one in shown}) == len(shown) == 5


def test_another_source_goes_before_more_of_the_same(event: MakeEvent) -> None:
    events = [event(number, 0, excerpt=text, source="forum") for number, text in enumerate(SAID)]
    shown = evidence([*events, event(9, 0, excerpt="rating cut by two notches", source="wire", negative=800)], "negative")
    assert "wire" in [one.source for one in shown[:2]]


def test_other_words_go_before_the_same_words(event: MakeEvent) -> None:
    alike = [
        event(number, 0, excerpt=f"no cash at the {place} counter") for number, place in enumerate(("north", "south", "east"))
    ]
    shown = evidence([*alike, event(9, 0, excerpt=SAID[1], negative=700)], "negative")
    assert shown[1].excerpt == SAID[1]


def test_only_what_leans_to_the_stance_is_shown_and_all_where_there_is_none(event: MakeEvent) -> None:
    events = [event(1, 0, excerpt=SAID[0]), event(2, 0, excerpt=SAID[1], negative=100, positive=800)]
    assert [one.excerpt for one in evidence(events, "negative")] == [SAID[0]]
    assert [one.excerpt for one in evidence(events, "positive")] == [SAID[1]]
    assert len(evidence(events, "")) == 2
    assert evidence([], "negative") == ()


def test_a_story_shows_its_oldest_text_and_brings_words_and_link_of_any_copy(event: MakeEvent) -> None:
    copies = [
        event(2, 8, story="one", words=("stopped",), url="https://example.org/2"),
        event(1, 5, story="one", excerpt="first"),
    ]
    shown = evidence(copies, "negative")[0]
    assert (shown.excerpt, shown.words, shown.url, shown.stance.negative) == (
        "first",
        ("stopped",),
        "https://example.org/2",
        0.9,
    )


def test_the_order_of_events_changes_nothing(event: MakeEvent) -> None:
    events = [event(number, number % 4, excerpt=text, source=f"wire{number % 2}") for number, text in enumerate(SAID)]
    assert evidence(events, "negative") == evidence(events[::-1], "negative")

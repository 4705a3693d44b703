"""Alerts in the terminal: the card says what, how unusual, on whose word, why, by which words and what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from groundswell.alerts import card, newest, table, unusual, why
from groundswell.messages import Acknowledgement, AlertKind, Ranked, Subject
from tests.alerts import alert_of

PARTS = {"surprise": 9.0, "support": 5.36, "diversity": 0.61, "credibility": 0.9}
READ = {"negative": 0.9, "neutral": 0.06, "positive": 0.04}
FULL: dict[str, Any] = {
    "hypotheses": [
        {"subject": {"entity": "acme"}, "score": 26.5, "parts": PARTS},
        {"subject": {"entity": "acme", "topic": "liquidity"}, "score": 12.0},
    ],
    "evidence": [{"excerpt": "counters are shut", "source": "forum", "copies": 1200, "stance": READ, "words": ["shut"]}],
    "keywords": ["counters", "取款"],
    "plan": [{"en": "Call the bank.", "zh": "致电银行。"}],
}


def read(shown: RenderableType) -> str:
    """What a terminal shows, without the frames and breaks of lines."""
    console = Console(width=120, record=True, file=None)
    with console.capture() as captured:
        console.print(shown)
    return " ".join(captured.get().replace("│", " ").split())


def shown(**fields: Any) -> str:
    return read(card(alert_of(**fields)))


@pytest.mark.parametrize(
    "said",
    [
        "negative surge 负面舆情激增",
        "since 2026-03-02 12:00, told 12:00 UTC",
        "how unusual 40.0 weighted texts in 15 min, 4.0 expected, 10.0 times the usual (p = 1e-09)",
        "on whose word 40 texts, 20 authors, 12 stories, 3 sources",
        "why this reading surprise 9 of 50, support 5.36, diversity 0.61 of 1, credibility 0.9 of 1; score 26",
        "or else liquidity/acme (12)",
        "telling words counters, 取款",
        "forum 1,200 0.90 0.04 counters are shut shut",
        "1. Call the bank. 致电银行。",
    ],
)
def test_a_card_tells_an_alert_whole(said: str) -> None:
    assert said in shown(**FULL)


def test_a_card_of_an_alert_with_nothing_else_has_no_empty_headings() -> None:
    bare = shown(hypotheses=[])
    assert not [name for name in ("why", "or else", "telling", "evidence", "what to do") if name in bare]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (AlertKind.STANCE_SHIFT, "a share of 62% in 6 h, usually 21% (p = 1e-09)"),
        (AlertKind.SILENCE, "1 text in 6 h, usually 0 (p = 1e-09)"),
        (AlertKind.VOLUME_SURGE, "0.6 weighted texts in 6 h, 0.2 expected, 3.0 times the usual (p = 1e-09)"),
    ],
)
def test_each_kind_says_how_unusual_it_is(kind: AlertKind, said: str) -> None:
    assert unusual(alert_of(kind=kind, observed=0.62, expected=0.21, ratio=2.95, window_minutes=360)) == said


def test_a_score_of_an_alert_told_before_there_were_parts_is_left_out() -> None:
    assert why(Ranked(subject=Subject(entity="acme"), score=3.0)) == ""


def test_the_newest_revision_of_each_alert_is_shown() -> None:
    first, second = alert_of(), alert_of(revision=2, texts=90)
    assert newest([first, second, alert_of(id="b")]) == [second, alert_of(id="b")]


def test_a_table_shows_as_much_of_an_id_as_acknowledging_needs() -> None:
    found = read(table([alert_of(id="3f9c21d0a6b84e57c0d1e2f3")]))
    assert "3f9c21d0 " in found
    assert "3f9c21d0a" not in found


def test_an_alert_says_who_took_it_on_that_it_flaps_and_why_it_was_closed() -> None:
    by = Acknowledgement(by="mei", at=datetime(2026, 3, 2, 12, 5, tzinfo=UTC), note="calling the bank")
    found = shown(acknowledgement=by, flapping=True, resolution="no_data")
    assert "taken on by mei at 2026-03-02 12:05 UTC: calling the bank" in found
    assert "the same fired several times lately" in found
    assert "because no texts came any more" in found
    plain = shown(resolution="calm")
    assert not [word for word in ("taken on", "several times", "no texts came") if word in plain]

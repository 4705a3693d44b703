"""``explain`` as its users see it: of texts, and of the evidence of alerts."""

import io
import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.messages import Alert
from groundswell.settings import Settings
from model.card import StanceSets, read_card, write_card
from model.folders import pack_folders
from tests.groundswell.conftest import Command

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")
GIVEN = "Shares  plunge after it slashes its profit forecast"


@trained
def test_the_words_that_decided_are_told_with_their_places_in_the_text(command: Command) -> None:
    told = json.loads(command("explain", GIVEN, "--json").out)
    stance = next(one for one in told["decisions"] if one["head"] == "stance")
    assert (told["language"], stance["answer"]) == ("en", "negative")
    assert all(GIVEN[one["start"] : one["end"]] == one["word"] for one in stance["words"])
    assert max(stance["words"], key=lambda one: one["value"])["word"] in {"plunge", "slashes"}
    assert {one["subject"]["topic"] for one in told["hypotheses"]} == {
        one["answer"] for one in told["decisions"] if one["head"] == "topic"
    }


@trained
def test_the_stances_that_are_not_ruled_out_are_told(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(pack_folders()["en"], tmp_path / "pack")
    card = read_card(tmp_path / "pack")
    write_card(card.model_copy(update={"stance_sets": StanceSets(threshold=1.0, rows=100)}), tmp_path / "pack")
    monkeypatch.setenv("GROUNDSWELL_READING__PACKS", json.dumps({"en": str(tmp_path / "pack")}))
    assert json.loads(command("explain", GIVEN, "--json").out)["stance_set"] == ["negative"]
    assert "stances that are not ruled out: negative" in command("explain", GIVEN).out


@trained
def test_words_and_figures_can_be_read_without_colours(command: Command) -> None:
    shown = command("explain", "股价跌停，公司涉嫌财务造假").out
    assert "stance: negative" in shown
    assert "topic: fraud" in shown
    assert "+0." in shown
    assert "\x1b[" not in shown


@trained
def test_a_text_comes_from_standard_input_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Shares soar"))
    assert json.loads(command("explain", "-", "--json").out)["text"] == "Shares soar"


@trained
def test_a_language_without_a_pack_is_told_in_one_line(command: Command) -> None:
    ran = command("explain", "ソニーの株価が上昇した")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "no pack reads ja; --lang names one that does" in ran.err


@pytest.mark.parametrize("arguments", [(), ("Shares fall", "--alert", "x")])
def test_either_a_text_or_an_alert_is_explained(command: Command, arguments: tuple[str, ...]) -> None:
    ran = command("explain", *arguments)
    assert ran.status == 1
    assert "give either a text (or - for standard input) or --alert ID" in ran.err


@pytest.fixture
def told(on_servers: Settings) -> Callable[[Alert], None]:
    """Put an alert into its topic."""

    def tell(alert: Alert) -> None:
        ensure_topics(on_servers)
        publisher = Publisher(on_servers, "test")
        publisher.publish([Output.of(Topics(on_servers.kafka.topic_prefix).alerts, alert.id, alert)])
        publisher.close()

    return tell


@trained
def test_the_evidence_of_an_alert_is_explained_as_the_excerpt_that_it_is(
    command: Command, told: Callable[[Alert], None]
) -> None:
    at = datetime(2026, 3, 9, 9, 30, tzinfo=UTC).isoformat()
    evidence = {"excerpt": GIVEN, "source": "wire", "copies": 3, "stance": {"negative": 0.9, "neutral": 0.1, "positive": 0.0}}
    plain = {"kind": "negative_surge", "state": "firing", "severity": "info", "subject": {"topic": "earnings"}}
    times = {"started_at": at, "detected_at": at, "updated_at": at}
    figures = {"observed": 9, "expected": 1, "ratio": 9, "p_value": 0, "window_minutes": 15}
    counts = {"texts": 9, "authors": 9, "stories": 9, "sources": 1, "revision": 1}
    headline = {"zh": "激增", "en": "surges"}
    whole = {"id": "abc123", "headline": headline, "hypotheses": [], "evidence": [evidence], **plain, **times, **figures}
    told(Alert.model_validate(whole | counts))
    shown = command("explain", "--alert", "abc").out
    assert "wire, 3 copies (an excerpt: private places are masked, and it may be cut)" in shown
    assert "stance: negative" in shown
    ran = command("explain", "--alert", "zzz")
    assert (ran.status, "there is no such alert" in ran.err) == (1, True)

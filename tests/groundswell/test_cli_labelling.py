"""``label`` and ``feedback`` as their users see them."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundswell.kafka import Output, Publisher, Topics, ensure_topics
from groundswell.messages import AlertKind
from groundswell.settings import Settings
from model.folders import pack_folders
from tests.groundswell.conftest import Command, surge

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")


@pytest.fixture
def alerts(on_servers: Settings) -> None:
    """Three alerts in the alerts topic."""
    ensure_topics(on_servers)
    topic = Topics(on_servers.kafka.topic_prefix).alerts
    told = (surge("aaaaaaaa11"), surge("aaaaaaaa22"), surge("bbbbbbbb33", AlertKind.VOLUME_SURGE))
    publisher = Publisher(on_servers, "test")
    try:
        publisher.publish([Output.of(topic, one.id, one) for one in told])
    finally:
        publisher.close()


@pytest.fixture
def rows(tmp_path: Path) -> Callable[[str], list[dict[str, Any]]]:
    """The rows of a file in the folder of the test."""
    return lambda name: [json.loads(line) for line in (tmp_path / name).read_text("utf-8").splitlines()]


@pytest.mark.usefixtures("alerts")
def test_feedback_makes_training_data_of_an_alerts_evidence(
    command: Command, rows: Callable[[str], list[dict[str, Any]]]
) -> None:
    ran = command("feedback", "aaaaaaaa11", "right", "--note", "seen it", "--out", "f.jsonl")
    assert "2 texts of its evidence are weakly negative in f.jsonl" in ran.err
    assert [(row["text"], row["stance"], row["weight"], row["note"]) for row in rows("f.jsonl")] == [
        ("The bank stops paying out", "negative", 0.2, "seen it"),
        ("Queues at the bank", "negative", 0.2, "seen it"),
    ]
    assert "are to be labelled: groundswell label f.jsonl" in command("feedback", "aaaaaaaa11", "wrong", "--out", "f.jsonl").err
    assert [(row["verdict"], "stance" in row) for row in rows("f.jsonl")] == [("wrong", False)] * 2
    command("feedback", "aaaaaaaa22", "right", "--out", "f.jsonl")
    assert len(rows("f.jsonl")) == 4
    assert "tells the stance of no text" in command("feedback", "bbbbbb", "right", "--out", "f.jsonl").err
    assert len(rows("f.jsonl")) == 4


@pytest.mark.usefixtures("alerts")
@pytest.mark.parametrize(("name", "reason"), [("nothing", "no such alert"), ("aaaaaaaa", "more than one alert begins so")])
def test_an_alert_that_is_not_named_is_told_in_one_line(command: Command, name: str, reason: str) -> None:
    ran = command("feedback", name, "wrong", "--out", "f.jsonl")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert reason in ran.err


@trained
def test_labelling_goes_on_where_it_was_left_and_is_read_by_evaluate(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rows: Callable[[str], list[dict[str, Any]]],
) -> None:
    texts = ["Shares plunge after a profit warning", "Bank raises its guidance", "Shares plunge after a profit warning!!"]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": text, "sentiment": "?"}) + "\n" for text in texts))
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\nearnings\n"))
    assert "1 labelled, 1 not" in command("label", "t.jsonl", "--out", "l.jsonl").err
    monkeypatch.setattr(sys, "stdin", io.StringIO("p\n-\n"))
    assert "1 labelled, 0 not" in command("label", "t.jsonl", "--out", "l.jsonl").err
    assert {row["text"] for row in rows("l.jsonl")} in ({texts[0], texts[1]}, {texts[2], texts[1]})
    assert "nothing to label" in command("label", "t.jsonl", "--out", "l.jsonl").err
    assert json.loads(command("evaluate", "l.jsonl", "--labels", "own", "--json").out)["n"] == 2


@trained
def test_a_file_that_is_not_there_is_told_in_one_line(command: Command) -> None:
    ran = command("label", "missing.jsonl", "--out", "l.jsonl")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "missing.jsonl: no such file" in ran.err

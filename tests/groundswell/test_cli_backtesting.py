"""``backtest`` as its users see it; what it is made of is tested with the consumers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from groundswell.messages import Alert
from model.folders import pack_folders
from tests.groundswell.conftest import Command

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")
START = datetime(2026, 3, 2, tzinfo=UTC)
CRISIS = 31.0
"""Hours after the start."""
COMPLAINTS = (
    "Brindle Bank shares plunge as losses mount",
    "Brindle Bank misses forecasts badly, stock tumbles",
    "Customers flee Brindle Bank after the profit warning",
    "Downgrade: Brindle Bank cut to sell, bearish outlook",
    "Brindle Bank slashes dividend and warns of weaker demand",
    "Selloff in Brindle Bank deepens, worst day in ten years",
    "Brindle Bank falls sharply on fears over bad loans",
    "Analysts slash targets for Brindle Bank after a dismal quarter",
    "Brindle Bank drops again, outlook lowered",
    "Brindle Bank sinks to a record low as fraud probe widens",
)
RUN = ("backtest", "texts.jsonl", "--truth", "truth.json", "--watchlist", "watchlist.yaml")


def row(number: int, hours: float, text: str) -> dict[str, Any]:
    at = START + timedelta(hours=hours)
    return {"id": f"t{number}", "text": text, "source": "forum", "author": f"u{number}", "published_at": at.isoformat()}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """Thirty hours of a calm text an hour about one bank, then thirty complaints in half an hour; the watchlist; the truth."""
    calm = [row(hour, hour, f"Brindle Bank opens branch number {hour} in the north") for hour in range(30)]
    worse = [row(100 + n, CRISIS + n / 60, COMPLAINTS[n % len(COMPLAINTS)]) for n in range(30)]
    lines = (json.dumps(one) + "\n" for one in (*calm, *worse))
    (tmp_path / "texts.jsonl").write_text("".join(lines), "utf-8")
    (tmp_path / "watchlist.yaml").write_text("entities:\n  - id: brindle\n    name: Brindle Bank\n", "utf-8")
    surge = {"entity": "brindle", "start": START + timedelta(hours=CRISIS), "end": START + timedelta(hours=CRISIS + 1)}
    quiet = {"entity": "brindle", "start": START, "end": START + timedelta(hours=1)}
    truth = {"surges": [surge, quiet], "entities": ["brindle"], "days": 2}
    (tmp_path / "truth.json").write_text(json.dumps(truth, default=datetime.isoformat), "utf-8")
    return tmp_path


@trained
def test_the_figures_are_one_json_object_and_the_alerts_a_file(command: Command, stream: Path) -> None:
    ran = command(*RUN, "--json", "--alerts", "alerts.jsonl")
    (figures,) = map(json.loads, ran.out.splitlines())
    assert (figures["events"], figures["found"], figures["recall"], figures["false_alerts"]) == (2, 1, 0.5, 0)
    assert figures["missed"] == [{"entity": "brindle", "start": "2026-03-02T00:00:00Z", "end": "2026-03-02T01:00:00Z"}]
    alerts = [Alert.from_wire(line.encode()) for line in (stream / "alerts.jsonl").read_text("utf-8").splitlines()]
    firing = [one for one in alerts if one.state == "firing"]
    delay = min(one.detected_at for one in firing) - START - timedelta(hours=CRISIS)
    assert figures["delay_minutes_median"] == delay / timedelta(minutes=1)


@trained
def test_a_second_backtest_needs_no_model_and_comes_to_the_same(command: Command, stream: Path) -> None:
    first = command(*RUN, "--json")
    second = command(*RUN, "--json")
    assert first.out == second.out
    assert "the model is not needed" not in first.err
    assert "hypotheses from texts.hypotheses.jsonl.gz: the model is not needed" in second.err
    assert (stream / "texts.hypotheses.jsonl.gz").is_file()


@trained
def test_hypotheses_of_another_watchlist_are_told_and_made_anew(command: Command, stream: Path) -> None:
    command(*RUN, "--json")
    (stream / "watchlist.yaml").write_text("entities:\n  - id: brindle\n    name: Brindle\n", "utf-8")
    again = command(*RUN, "--json")
    assert "texts.hypotheses.jsonl.gz: watchlist changed since; the texts are read again" in again.err
    assert json.loads(again.out)["found"] == 1


@trained
def test_a_sweep_is_told_and_drawn_with_the_value_in_force(command: Command, stream: Path) -> None:
    ran = command(*RUN, "--plot", "sweep.png")
    assert all(word in ran.out for word in ("recall", "negative surge: missed", "2026-03-02 00:00", "* is in force"))
    assert sum(line.lstrip("│ ").startswith("* ") for line in ran.out.splitlines()) == 1
    assert (stream / "sweep.png").read_bytes().startswith(b"\x89PNG")


@trained
def test_an_entity_that_no_text_names_is_told(command: Command, stream: Path) -> None:
    (stream / "truth.csv").write_text("entity,kind,start,end\nbrook,,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z\n")
    ran = command("backtest", "texts.jsonl", "--truth", "truth.csv", "--watchlist", "watchlist.yaml", "--json")
    assert "labelled but named by no text: brook" in ran.err
    assert json.loads(ran.out)["false_per_100_entity_days"] > 0


@pytest.mark.parametrize(
    ("truth", "told"),
    [('{"surges": [{"entity": "brindle"}]}', "truth.json: surges.0.start: Field required"), ("{", "truth.json: not JSON")],
)
def test_a_bad_truth_is_told_in_one_line_before_anything_is_read(command: Command, stream: Path, truth: str, told: str) -> None:
    (stream / "truth.json").write_text(truth)
    ran = command(*RUN)
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert told in ran.err
    assert not (stream / "texts.hypotheses.jsonl.gz").exists()


def test_texts_that_are_not_there_are_told_in_one_line(command: Command, stream: Path) -> None:
    (stream / "texts.jsonl").unlink()
    ran = command(*RUN)
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "texts.jsonl: no such file" in ran.err


@trained
def test_alerts_that_cannot_be_written_are_told_in_one_line(command: Command, stream: Path) -> None:
    ran = command(*RUN, "--json", "--alerts", "missing/alerts.jsonl")
    assert ran.status == 1
    assert "missing/alerts.jsonl: the alerts cannot be written" in ran.err
    assert (stream / "texts.hypotheses.jsonl.gz").is_file()

"""Labelled events from JSON and CSV, and one line with the place for what is wrong in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumers.backtest.truth import read_truth
from groundswell.errors import FatalError
from groundswell.messages import AlertKind

SURGE = {"entity": "acme", "kind": "surge", "start": "2026-03-02T10:00:00+08:00", "end": "2026-03-02T12:00:00Z", "texts": 9}


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "truth.json"
    path.write_text(json.dumps({"seed": 1, "surges": [SURGE], **fields}), "utf-8")
    return path


def test_json_gives_events_decoys_entities_and_days(tmp_path: Path) -> None:
    decoys = [{"entity": "acme", "kind": "slow_rise"}]
    truth = read_truth(written(tmp_path, decoys=decoys, entities=["acme", "brook"], days=7))
    assert [(one.entity, one.alert, one.start.timestamp()) for one in truth.surges] == [
        ("acme", AlertKind.NEGATIVE_SURGE, 1772416800)
    ]
    assert (truth.decoys[0].kind, truth.decoys[0].end, truth.entities, truth.days) == ("slow_rise", None, ("acme", "brook"), 7)


def test_an_event_may_ask_for_another_kind_of_alert(tmp_path: Path) -> None:
    truth = read_truth(written(tmp_path, surges=[SURGE, {**SURGE, "alert": "positive_surge"}]))
    assert truth.kinds == [AlertKind.NEGATIVE_SURGE, AlertKind.POSITIVE_SURGE]


def test_csv_gives_events_by_kind_and_decoys(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    times = "2026-03-02T10:00:00Z,2026-03-02T12:00:00Z"
    path.write_text(f"entity,kind,start,end\nacme,,{times}\nacme,positive_surge,{times}\nbrook,decoy,,\n", "utf-8")
    truth = read_truth(path)
    assert [one.alert for one in truth.surges] == [AlertKind.NEGATIVE_SURGE, AlertKind.POSITIVE_SURGE]
    assert [(one.entity, one.start) for one in truth.decoys] == [("brook", None)]


@pytest.mark.parametrize(
    ("surge", "place"),
    [
        ({"start": "2026-03-02T10:00:00"}, "surges.1.start: "),
        ({"end": "2026-03-02T02:00:00Z"}, "surges.1: ends at 2026-03-02T02:00:00+00:00, which is not after its start"),
        ({"alert": "negative_splash"}, "surges.1.alert: "),
        ({"entity": ""}, "surges.1.entity: "),
    ],
    ids=["a time without a zone", "an end before the start", "no such kind", "no entity"],
)
def test_what_is_wrong_in_json_is_told_with_its_place(tmp_path: Path, surge: dict[str, str], place: str) -> None:
    path = written(tmp_path, surges=[SURGE, {**SURGE, **surge}])
    with pytest.raises(FatalError) as caught:
        read_truth(path)
    assert str(caught.value).startswith(f"{path}: {place}")


def test_json_without_events_is_not_taken_for_a_calm_week(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text('{"surge": []}')
    with pytest.raises(FatalError, match=r"truth\.json: surges: Field required"):
        read_truth(tmp_path / "truth.json")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("entity,start,end\n", "no column kind"),
        (
            "entity,kind,start,end\na,,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z\n\nb,,noon,2026-03-02T12:00:00Z\n",
            "line 4: start: ",
        ),
        ("entity,kind,start,end\na,surge,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z\n", "line 2: kind: "),
    ],
    ids=["a column missing", "no time", "no such kind"],
)
def test_what_is_wrong_in_csv_is_told_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(content)
    with pytest.raises(FatalError) as caught:
        read_truth(path)
    assert str(caught.value).startswith(f"{path}: {told}")


@pytest.mark.parametrize(("name", "told"), [("truth.yaml", "tells no format"), ("missing.json", "cannot be read")])
def test_other_files_are_refused(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "truth.yaml").write_text("surges: []")
    with pytest.raises(FatalError, match=told):
        read_truth(tmp_path / name)

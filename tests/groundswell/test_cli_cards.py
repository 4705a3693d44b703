"""``card`` as its users see it: what a pack is, as people read it and as programs do."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from groundswell.settings import Settings
from model.card import Card, read_card
from model.folders import pack_folders
from tests.groundswell.conftest import Command

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")
SETS = {"finfe": ("sentiment", "positive"), "finnl": ("topics", ["公司"]), "finese": ("event", "其他")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_shipped_card_says_what_people_need_to_know(command: Command, language: str) -> None:
    shown = " ".join(command("card", language).out.split())
    known = read_card(pack_folders()[language])
    for heading in ("Intended use", "Limits", "Base", "Learnt from", "Figures", "Calibration", "Training mix"):
        assert heading in shown
    assert all(word in shown for word in ("Sarcasm", "Dates:", "Other languages:", "Not for decisions on a single text"))
    assert all(source.name in shown and source.licence in shown for source in known.data)
    assert all(f"groundswell evaluate {figure.set}.jsonl" in shown for figure in known.figures)


def test_without_a_name_all_packs_in_use_are_shown(command: Command) -> None:
    cards = [Card.model_validate_json(line) for line in command("card", "--json").out.splitlines()]
    assert {card.language for card in cards} == {"zh", "en"}


def test_a_folder_that_is_no_pack_is_told_in_one_line(command: Command) -> None:
    ran = command("card", "nowhere")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "a pack is a folder with a card.yaml" in ran.err


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the Chinese pack, with texts for all sets of its recipe beside it."""
    monkeypatch.setenv("GROUNDSWELL_CACHE_DIR", str(Settings().cache_dir))
    folder = tmp_path / "pack"
    shutil.copytree(pack_folders()["zh"], folder)
    for name, (field, label) in SETS.items():
        rows = [
            json.dumps({"text": f"业绩炸裂,主力进场,看好翻倍{chr(0x4E00 + number)}", field: label}, ensure_ascii=False)
            for number in range(60)
        ]
        (tmp_path / f"{name}_train.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


@trained
def test_the_training_mix_is_measured_and_written_into_the_card(command: Command, pack: Path) -> None:
    assert command("card", str(pack), "--mix", str(pack.parent)).status == 0
    mix = read_card(pack).mix
    assert mix is not None
    assert 0 < mix.texts < 60
    assert mix.stances["positive"] > 0.5
    assert "看好翻倍一" not in (pack / "card.yaml").read_text("utf-8")


@trained
def test_a_pack_is_calibrated_anew_and_its_card_tells_its_sets_of_stances(command: Command, pack: Path) -> None:
    dump = yaml.safe_load((pack / "card.yaml").read_text("utf-8"))
    (pack / "card.yaml").write_text(yaml.safe_dump({**dump, "stance_sets": None}, allow_unicode=True), "utf-8")
    assert "sets of stances" not in command("card", str(pack)).out
    ran = command("calibrate", str(pack), "--data", str(pack.parent))
    assert ran.status == 0
    sets = read_card(pack).stance_sets
    assert sets is not None
    assert f"{sets.rows} with a stance" in ran.err
    shown = " ".join(command("card", str(pack)).out.split())
    assert "sets of stances: made to hold the right one of 90% of the texts of each stance" in shown


@trained
def test_calibrating_without_the_sets_is_told_in_one_line(command: Command, pack: Path) -> None:
    ran = command("calibrate", str(pack), "--data", str(pack))
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "finfe_train.jsonl is missing" in ran.err


@trained
def test_the_mean_of_two_packs_is_written_and_its_card_says_of_which(command: Command, pack: Path) -> None:
    dump = yaml.safe_load((pack / "card.yaml").read_text("utf-8"))
    (pack / "card.yaml").write_text(yaml.safe_dump({**dump, "version": "9.9.9", "mean_of": []}, allow_unicode=True), "utf-8")
    made = pack.parent / "mean"
    ran = command("average", "zh", str(pack), "--data", str(pack.parent), "--share", "0.25", "--out", str(made))
    assert ran.status == 0, ran.err
    assert "share of the second" in ran.out
    assert "0.25 of zh-small 9.9.9" in ran.err
    assert "0.25 of zh-small 9.9.9" in " ".join(command("card", str(made)).out.split())
    again = command("average", "zh", str(pack), "--data", str(pack.parent), "--out", str(made))
    assert (again.status, len(again.err.splitlines())) == (1, 1)
    assert "already holds a pack" in again.err

"""``card`` as its users see it: what a pack is, as people read it and as programs do."""

import json
import shutil
from pathlib import Path

import pytest

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


@trained
def test_the_training_mix_is_measured_and_written_into_the_card(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDSWELL_CACHE_DIR", str(Settings().cache_dir))
    folder = tmp_path / "pack"
    shutil.copytree(pack_folders()["zh"], folder)
    for name, (field, label) in SETS.items():
        rows = [
            json.dumps({"text": f"业绩炸裂,主力进场,看好翻倍{chr(0x4E00 + number)}", field: label}, ensure_ascii=False)
            for number in range(60)
        ]
        (tmp_path / f"{name}_train.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    assert command("card", str(folder), "--mix", str(tmp_path)).status == 0
    mix = read_card(folder).mix
    assert mix is not None
    assert 0 < mix.texts < 60
    assert mix.stances["positive"] > 0.5
    assert "看好翻倍一" not in (folder / "card.yaml").read_text("utf-8")

"""``classify`` and ``train`` as their users see them; what they are made of is tested with the model."""

import io
import json
import sys
from pathlib import Path

import pytest

from groundswell.messages import Hypothesis
from model.folders import pack_folders
from tests.groundswell.conftest import Command

trained = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")


@trained
def test_lines_of_both_languages_are_read_and_others_are_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("股价跌停,公司被立案调查\nShares soar after record earnings\nこれは日本語のニュースです\n")
    ran = command("classify", "a.txt")
    read = [Hypothesis.from_wire(line.encode()) for line in ran.out.splitlines()]
    assert {one.lang for one in read} == {"zh", "en"}
    firsts = {one.lang: one.stance for one in read if one.rank == 1}
    assert firsts["zh"].negative > 0.5
    assert firsts["en"].positive > 0.5
    assert "texts that no pack reads: 1 ja" in ran.err
    assert ran.status == 0


@trained
def test_labelled_json_lines_are_read_from_standard_input(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b'{"text": "Shares soar", "sentiment": "positive"}\noops\n{"text": "Shares plunge", "id": "mine"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows)))
    ran = command("classify", "--format", "jsonl", "--json")
    ids = {json.loads(line)["text_id"] for line in ran.out.splitlines()}
    assert len(ids) == 2
    assert "mine" in ids
    assert "stdin: line 2: not JSON" in ran.err


def test_a_file_that_is_not_there_is_told_in_one_line(command: Command) -> None:
    ran = command("classify", "missing.txt")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "missing.txt: no such file" in ran.err


@trained
def test_training_never_writes_over_the_pack_in_use(command: Command) -> None:
    ran = command("train", "zh", "--data", ".")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "name another folder for the new one with --out" in ran.err


def test_a_folder_that_is_no_pack_is_told_in_one_line(command: Command) -> None:
    ran = command("train", "nowhere", "--data", ".")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "a pack is a folder with a card.yaml" in ran.err


@trained
def test_missing_data_is_told_in_one_line(command: Command, tmp_path: Path) -> None:
    ran = command("train", "zh", "--data", "nowhere", "--out", str(tmp_path / "new"))
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "is missing; give the folder that holds it" in ran.err


@trained
def test_a_base_that_is_none_is_told_in_one_line(command: Command, tmp_path: Path) -> None:
    ran = command("train", "zh", "--data", ".", "--out", str(tmp_path / "new"), "--base", "nowhere")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert "'nowhere' is neither a pinned base" in ran.err
    assert not (tmp_path / "new").exists()

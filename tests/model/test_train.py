"""Training: small sets are learnt, and the pack is saved, judged, calibrated and recorded."""

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console

from groundswell.errors import FatalError
from model import adapter
from model.bases import base_folder
from model.batches import prepare
from model.card import read_card, write_card
from model.data import examples
from model.evaluate import evaluate
from model.pack import Pack
from model.records.record import Record
from model.records.tensorboard_writer import TensorBoardWriter
from model.train import train
from model.trainer import Trainer

Dump = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished training: where the card came from, where the pack went."""

    source: Path
    pack: Path
    cache: Path
    card_before: bytes


@pytest.fixture(scope="module")
def run(plain_card: Dump, learnable: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One training into a folder of its own, under a umask that lets nobody else read; its card came with old figures."""
    source, target, cache = (tmp_path_factory.mktemp(name) for name in ("source", "target", "cache"))
    old = {"set": "posts", "rows": 1, "accuracy": 1.0, "micro_f1": 1.0, "macro_f1": 1.0, "command": "none"}
    (source / "card.yaml").write_text(yaml.safe_dump({**plain_card, "figures": [old]}, allow_unicode=True), "utf-8")
    before = (source / "card.yaml").read_bytes()
    umask = os.umask(0o077)
    try:
        train(source, learnable, cache, out=target, console=Console(file=io.StringIO()))
    finally:
        os.umask(umask)
    return Run(source, target, cache, before)


@pytest.fixture(scope="module")
def pack(run: Run) -> Pack:
    """The trained pack."""
    return Pack.load(run.pack, run.cache)


def test_a_pack_learns_its_sets(pack: Pack) -> None:
    found = pack.predict(["q good q", "q bad q", "q fine q"])
    assert [int(np.argmax(prediction.stance)) for prediction in found] == [2, 0, 1]
    assert pack.predict(["q fraud q"])[0].labels["event/forged"] > 0.5


def test_training_calibrates_the_card(pack: Pack) -> None:
    assert pack.card.conformal.rows > 0
    assert pack.card.group("stance").temperature != 1.0
    assert pack.card.stance_sets is not None
    assert pack.card.stance_sets.rows > 0
    assert pack.card.stance_prior is not None


def test_training_writes_down_what_the_pack_reads_in_the_held_out_texts(pack: Pack) -> None:
    assert pack.card.mix is not None
    assert pack.card.mix.texts > 0


def test_a_finished_training_leaves_a_pack_its_record_and_nothing_else(run: Run) -> None:
    curves = ["events"] if TensorBoardWriter.wanted() else []
    files = ["adapter.safetensors", "card.yaml", *curves, "heads.safetensors", "training.jsonl"]
    assert sorted(path.name for path in run.pack.iterdir()) == files


def test_training_into_another_folder_leaves_the_pack_as_it_was(run: Run) -> None:
    assert (run.source / "card.yaml").read_bytes() == run.card_before
    assert [path.name for path in run.source.iterdir()] == ["card.yaml"]


def test_figures_of_replaced_weights_are_dropped(pack: Pack) -> None:
    assert pack.card.figures == ()


def test_files_of_a_trained_pack_are_readable_by_all(run: Run) -> None:
    assert {path.stat().st_mode & 0o777 for path in run.pack.iterdir() if path.is_file()} == {0o644}


def test_a_trained_pack_is_measured_by_the_same_code(pack: Pack, learnable: Path) -> None:
    assert evaluate(pack, learnable / "posts_train.jsonl", "posts").accuracy > 0.9


FULL = {"method": "full", "rate": 0.003, "layer_decay": 0.9, "drop": 0.2, "dropout": 0.1, "smoothing": 0.05, "average": 0.2}


def test_too_few_rows_are_refused_in_one_line(run: Run, make_data: Callable[..., Path], tmp_path: Path) -> None:
    few = make_data(posts=[{"text": "up", "sentiment": "positive"}], events=[{"text": "x", "event": "none"}])
    with pytest.raises(FatalError, match="holds 2 texts for pack tiny, too few"):
        train(run.source, few, tmp_path, out=tmp_path / "new")


def test_a_full_fine_tune_learns_its_sets_and_keeps_to_its_rank(run: Run, learnable: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    write_card(card.model_copy(update={"recipe": card.recipe.model_copy(update={**FULL, "epochs": 3})}), tmp_path)
    train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()))
    pack = Pack.load(tmp_path, tmp_path)
    assert [int(np.argmax(one.stance)) for one in pack.predict(["q good q", "q bad q", "q fine q"])] == [2, 0, 1]
    assert {value.shape[0] for name, value in adapter.read(tmp_path, "adapter").items() if name.endswith(".A")} == {4}


def test_training_can_begin_with_the_weights_of_a_pack(run: Run, learnable: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    short = {"method": "full", "epochs": 1, "rate": 0.0, "head_rate": 0.0, "rank": 16}
    write_card(card.model_copy(update={"recipe": card.recipe.model_copy(update=short)}), tmp_path)
    train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()), start=run.pack)
    texts = ["q good q", "q fraud q"]
    old, new = (Pack.assemble(read_card(folder), folder, tmp_path).logits(texts) for folder in (run.pack, tmp_path))
    for group, values in old.items():
        assert new[group] == pytest.approx(values, abs=0.2)  # what four bits take from weights as random as these


def test_what_training_begins_with_reads_as_the_pack_does(run: Run, learnable: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    card = card.model_copy(update={"recipe": card.recipe.model_copy(update={"method": "full"})})
    texts = [example for example in examples(card, learnable) if example.held_out]
    base = base_folder(card.base, tmp_path, card.base_sha256)
    rows = prepare(card, texts, base)
    trainer = Trainer(card, rows, base)
    trainer.start_from(adapter.read(run.pack, "adapter"), read_card(run.pack), adapter.read(run.pack, "heads"))
    with torch.inference_mode():
        found = trainer.logits([row.ids for row in rows])
    for group, values in Pack.assemble(read_card(run.pack), run.pack, tmp_path).logits([one.text for one in texts]).items():
        assert found[group].numpy() == pytest.approx(values, abs=0.05)


def test_a_pack_of_other_labels_is_no_start(run: Run, learnable: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    groups = (*card.groups[:-1], card.groups[-1].model_copy(update={"labels": ("none", "forged")}))
    recipe = card.recipe.model_copy(update={"method": "full"})
    write_card(card.model_copy(update={"groups": groups, "recipe": recipe}), tmp_path)
    with pytest.raises(FatalError, match="with the same labels"):
        train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()), start=run.pack)


def test_a_start_whose_words_changed_needs_room_for_them(run: Run, learnable: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    recipe = card.recipe.model_copy(update={**FULL, "epochs": 1, "word_rank": 2})
    write_card(card.model_copy(update={"recipe": recipe}), tmp_path)
    train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()))
    without = tmp_path / "without"
    without.mkdir()
    write_card(card.model_copy(update={"recipe": recipe.model_copy(update={"word_rank": 0})}), without)
    with pytest.raises(FatalError, match="changes its words by rank 2"):
        train(without, learnable, tmp_path, console=Console(file=io.StringIO()), start=tmp_path)


def test_a_run_is_recorded_with_its_settings_data_and_curves(run: Run) -> None:
    first, *rest = [json.loads(line) for line in (run.pack / "training.jsonl").read_text("utf-8").splitlines()]
    assert first["recipe"]["seed"] == 7
    assert len(first["data"]["posts"]) == 64
    assert [line["step"] for line in rest if "loss" in line]
    assert len([line for line in rest if "held_out/stance" in line]) == 2


def test_an_interrupted_training_goes_on_and_records_each_step_once(
    run: Run, learnable: Path, make_trainer: Callable[..., Trainer], tmp_path: Path
) -> None:
    write_card(read_card(run.source), tmp_path)
    trainer = make_trainer()
    for _ in range(25):
        next(trainer.run_epoch())
    trainer.save(tmp_path / "checkpoint.pt", best_loss=9.0, best_epoch=0)
    with Record(tmp_path) as record:
        record.begin({"pack": "the interrupted one"})
        for step in (20, 40):
            record.add(step, {"loss": 1.0})
    train(tmp_path, learnable, tmp_path, console=Console(file=io.StringIO()))
    first, *rest = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text("utf-8").splitlines()]
    assert first["pack"] == "the interrupted one"
    steps = [line["step"] for line in rest if "loss" in line]
    assert steps == list(range(20, 20 * len(steps) + 1, 20))
    assert len([line for line in rest if "held_out/loss" in line]) == 2

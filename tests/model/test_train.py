"""Training: a small set is learnt, what is saved is what was trained, an interrupted run goes on."""

import io
import itertools
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
from model.batches import batches, prepare
from model.card import Card, read_card, write_card
from model.data import examples
from model.evaluate import evaluate
from model.pack import Pack
from model.train import train
from model.trainer import Trainer, fingerprint, rate_share

Dump = dict[str, Any]
FILLERS = list(itertools.product("abcdefghijklm", "nopqrstuvwxyz"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets that can be learnt from single words."""
    words = {"good": "positive", "bad": "negative", "fine": "neutral"}
    posts = [
        {"text": f"{one} {word} {other}", "sentiment": label} for one, other in FILLERS[:100] for word, label in words.items()
    ]
    events = [{"text": f"{one} fraud {other}", "event": "forged"} for one, other in FILLERS[:60]]
    events += [{"text": f"{one} sales {other}", "event": "none"} for one, other in FILLERS[:60]]
    folder = tmp_path_factory.mktemp("data")
    for name, rows in (("posts", posts), ("events", events)):
        (folder / f"{name}_train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


@dataclass(frozen=True)
class Run:
    """A finished training: where the card came from, where the pack went."""

    source: Path
    pack: Path
    cache: Path
    card_before: bytes


@pytest.fixture(scope="module")
def run(plain_card: Dump, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One training into a folder of its own, under a umask that lets nobody else read; its card came with old figures."""
    source, target, cache = (tmp_path_factory.mktemp(name) for name in ("source", "target", "cache"))
    old = {"set": "posts", "rows": 1, "accuracy": 1.0, "micro_f1": 1.0, "macro_f1": 1.0, "command": "none"}
    (source / "card.yaml").write_text(yaml.safe_dump({**plain_card, "figures": [old]}, allow_unicode=True), "utf-8")
    before = (source / "card.yaml").read_bytes()
    umask = os.umask(0o077)
    try:
        train(source, data, cache, out=target, console=Console(file=io.StringIO()))
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


def test_training_writes_down_what_the_pack_reads_in_the_held_out_texts(pack: Pack) -> None:
    assert pack.card.mix is not None
    assert pack.card.mix.texts > 0


def test_a_finished_training_leaves_a_pack_its_record_and_nothing_else(run: Run) -> None:
    assert sorted(path.name for path in run.pack.iterdir()) == [
        "adapter.safetensors",
        "card.yaml",
        "heads.safetensors",
        "training.jsonl",
    ]


def test_training_into_another_folder_leaves_the_pack_as_it_was(run: Run) -> None:
    assert (run.source / "card.yaml").read_bytes() == run.card_before
    assert [path.name for path in run.source.iterdir()] == ["card.yaml"]


def test_figures_of_replaced_weights_are_dropped(pack: Pack) -> None:
    assert pack.card.figures == ()


def test_files_of_a_trained_pack_are_readable_by_all(run: Run) -> None:
    assert {path.stat().st_mode & 0o777 for path in run.pack.iterdir()} == {0o644}


def test_a_trained_pack_is_measured_by_the_same_code(pack: Pack, data: Path) -> None:
    assert evaluate(pack, data / "posts_train.jsonl", "posts").accuracy > 0.9


MakeTrainer = Callable[..., Trainer]
FULL = {"method": "full", "rate": 0.003, "layer_decay": 0.9, "drop": 0.2, "dropout": 0.1, "smoothing": 0.05, "average": 0.2}


@pytest.fixture
def make_trainer(card: Dump, data: Path, tiny_base: Path) -> MakeTrainer:
    """Trainers that all start alike, with what the recipe says otherwise."""

    def make(**recipe: object) -> Trainer:
        read = Card.model_validate({**card, "recipe": {**card["recipe"], **recipe}})
        return Trainer(read, prepare(read, [one for one in examples(read, data) if not one.held_out], tiny_base), tiny_base)

    return make


@pytest.mark.parametrize("recipe", [{}, FULL], ids=["lora", "full"])
def test_a_reload_gives_the_logits_that_were_shipped(make_trainer: MakeTrainer, tmp_path: Path, recipe: Dump) -> None:
    trainer = make_trainer(**recipe)
    list(trainer.run_epoch())
    texts = [row.example.text for row in trainer.rows[:20]]
    with torch.no_grad():  # round first, then compare: the files are fp16
        for value in [*trainer.weights.values(), *trainer.average] if not recipe else list(trainer.heads.parameters()):
            value.copy_(value.half().float())
    with trainer.as_shipped() as tensors, torch.inference_mode():
        for value in trainer.heads.parameters():
            value.copy_(value.half().float())
        adapter.save(tensors, trainer.heads, tmp_path)
        live = trainer.logits([row.ids for row in trainer.rows[:20]])
    reloaded = Pack.assemble(trainer.card, tmp_path, tmp_path).logits(texts)
    for group, values in live.items():
        assert reloaded[group] == pytest.approx(values.numpy(), abs=1e-4)


def test_shipping_does_not_change_what_goes_on_being_trained(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(**FULL)
    list(trainer.run_epoch())
    before = {name: value.detach().clone() for name, value in trainer.weights.items()}
    with trainer.as_shipped():
        assert any(not torch.equal(value, before[name]) for name, value in trainer.weights.items())
    assert all(torch.equal(value, before[name]) for name, value in trainer.weights.items())


@pytest.mark.parametrize("recipe", [{}, FULL], ids=["lora", "full"])
def test_an_interrupted_run_ends_as_one_that_was_not(make_trainer: MakeTrainer, tmp_path: Path, recipe: Dump) -> None:
    whole = make_trainer(**recipe)
    for _ in range(5):
        next(whole.run_epoch())
    whole.save(tmp_path / "checkpoint.pt", best_loss=0.5)
    while whole.epoch < 2:
        list(whole.run_epoch())
    resumed = make_trainer(**recipe)
    assert resumed.resume(tmp_path / "checkpoint.pt") == {"best_loss": 0.5}
    while resumed.epoch < 2:
        list(resumed.run_epoch())
    assert resumed.step == whole.step == whole.total
    ends = zip([*whole.weights.values(), *whole.average], [*resumed.weights.values(), *resumed.average], strict=True)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in ends)


def test_a_checkpoint_of_another_recipe_is_not_resumed(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    trainer = make_trainer()
    list(trainer.run_epoch())
    trainer.save(tmp_path / "checkpoint.pt")
    other = make_trainer()
    other.card = other.card.model_copy(update={"base": "another"})
    other.resume(tmp_path / "checkpoint.pt")
    assert other.epoch == 0


def test_calibration_does_not_change_the_recipes_fingerprint(card: Dump) -> None:
    before = fingerprint(Card.model_validate(card))
    card["groups"][0]["temperature"] = 2.0
    card["conformal"] = {"threshold": 0.1}
    assert fingerprint(Card.model_validate(card)) == before


def test_batches_hold_every_row_once_and_keep_to_their_bounds(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    made = batches(trainer.rows, trainer.card.recipe, 0)
    assert sorted(i for batch in made for i in batch) == list(range(len(trainer.rows)))
    assert max(len(batch) for batch in made) <= 8


def test_another_epoch_has_another_order(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    assert batches(trainer.rows, trainer.card.recipe, 0) != batches(trainer.rows, trainer.card.recipe, 1)


def test_too_few_rows_are_refused_in_one_line(run: Run, make_data: Callable[..., Path], tmp_path: Path) -> None:
    few = make_data(posts=[{"text": "up", "sentiment": "positive"}], events=[{"text": "x", "event": "none"}])
    with pytest.raises(FatalError, match="holds 2 texts for pack tiny, too few"):
        train(run.source, few, tmp_path, out=tmp_path / "new")


def test_a_full_fine_tune_learns_its_sets_and_keeps_to_its_rank(run: Run, data: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    write_card(card.model_copy(update={"recipe": card.recipe.model_copy(update={**FULL, "epochs": 3})}), tmp_path)
    train(tmp_path, data, tmp_path, console=Console(file=io.StringIO()))
    pack = Pack.load(tmp_path, tmp_path)
    assert [int(np.argmax(one.stance)) for one in pack.predict(["q good q", "q bad q", "q fine q"])] == [2, 0, 1]
    assert {value.shape[0] for name, value in adapter.read(tmp_path, "adapter").items() if name.endswith(".A")} == {4}


def test_training_can_begin_with_the_weights_of_a_pack(run: Run, data: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    short = {"method": "full", "epochs": 1, "rate": 0.0, "head_rate": 0.0, "rank": 16}
    write_card(card.model_copy(update={"recipe": card.recipe.model_copy(update=short)}), tmp_path)
    train(tmp_path, data, tmp_path, console=Console(file=io.StringIO()), start=run.pack)
    texts = ["q good q", "q fraud q"]
    old, new = (Pack.assemble(read_card(folder), folder, tmp_path).logits(texts) for folder in (run.pack, tmp_path))
    for group, values in old.items():
        assert new[group] == pytest.approx(values, abs=0.05)


def test_a_pack_of_other_labels_is_no_start(run: Run, data: Path, tmp_path: Path) -> None:
    card = read_card(run.source)
    groups = (*card.groups[:-1], card.groups[-1].model_copy(update={"labels": ("none", "forged")}))
    recipe = card.recipe.model_copy(update={"method": "full"})
    write_card(card.model_copy(update={"groups": groups, "recipe": recipe}), tmp_path)
    with pytest.raises(FatalError, match="with the same labels"):
        train(tmp_path, data, tmp_path, console=Console(file=io.StringIO()), start=run.pack)


def test_a_run_is_recorded_with_its_settings_data_and_curves(run: Run) -> None:
    first, *rest = [json.loads(line) for line in (run.pack / "training.jsonl").read_text("utf-8").splitlines()]
    assert first["recipe"]["seed"] == 7
    assert len(first["data"]["posts"]) == 64
    assert [line["step"] for line in rest if "loss" in line]
    assert len([line for line in rest if "held_out/stance" in line]) == 2


def test_rates_warm_up_and_come_down_to_the_final_one(card: Dump) -> None:
    recipe = Card.model_validate({**card, "recipe": {**card["recipe"], "warmup": 0.1, "final_rate": 0.2}}).recipe
    shares = [rate_share(step, 100, recipe) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == shares[10] == 1.0
    assert shares[99] == pytest.approx(0.2, abs=0.01)
    assert sorted(shares[10:], reverse=True) == shares[10:]

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
from model.calibrate import threshold
from model.card import Card, Group
from model.data import Example, examples
from model.evaluate import evaluate
from model.pack import Pack
from model.train import Trainer, batches, fingerprint, prepare, train

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


def test_a_finished_training_leaves_a_pack_and_nothing_else(run: Run) -> None:
    assert sorted(path.name for path in run.pack.iterdir()) == ["adapter.safetensors", "card.yaml", "heads.safetensors"]


def test_training_into_another_folder_leaves_the_pack_as_it_was(run: Run) -> None:
    assert (run.source / "card.yaml").read_bytes() == run.card_before
    assert [path.name for path in run.source.iterdir()] == ["card.yaml"]


def test_figures_of_replaced_weights_are_dropped(pack: Pack) -> None:
    assert pack.card.figures == ()


def test_files_of_a_trained_pack_are_readable_by_all(run: Run) -> None:
    assert {path.stat().st_mode & 0o777 for path in run.pack.iterdir()} == {0o644}


def test_a_trained_pack_is_measured_by_the_same_code(pack: Pack, data: Path) -> None:
    assert evaluate(pack, data / "posts_train.jsonl", "posts").accuracy > 0.9


@pytest.fixture
def make_trainer(card: Dump, data: Path, tiny_base: Path) -> Callable[[], Trainer]:
    """Trainers that all start alike."""
    read = Card.model_validate(card)
    rows = prepare(read, [example for example in examples(read, data) if not example.held_out], tiny_base)
    return lambda: Trainer(read, rows, tiny_base)


def test_a_reload_gives_the_logits_that_were_trained(make_trainer: Callable[[], Trainer], tmp_path: Path) -> None:
    trainer = make_trainer()
    list(trainer.run_epoch())
    with torch.no_grad():  # round first, then compare: the files are fp16
        for parameter in trainer.parameters:
            parameter.copy_(parameter.half().float())
    adapter.save(trainer.model, trainer.heads, tmp_path)
    texts = [row.example.text for row in trainer.rows[:20]]
    reloaded = Pack.assemble(trainer.card, tmp_path, tmp_path).logits(texts)
    with torch.inference_mode():
        live = trainer.logits([row.ids for row in trainer.rows[:20]])
    for group, values in live.items():
        assert reloaded[group] == pytest.approx(values.numpy(), abs=1e-4)


def test_an_interrupted_run_ends_as_one_that_was_not(make_trainer: Callable[[], Trainer], tmp_path: Path) -> None:
    whole = make_trainer()
    list(whole.run_epoch())
    whole.save(tmp_path / "checkpoint.pt")
    list(whole.run_epoch())
    resumed = make_trainer()
    resumed.resume(tmp_path / "checkpoint.pt")
    list(resumed.run_epoch())
    assert resumed.epoch == 2
    for one, other in zip(whole.parameters, resumed.parameters, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_a_checkpoint_of_another_recipe_is_not_resumed(make_trainer: Callable[[], Trainer], tmp_path: Path) -> None:
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


def test_batches_hold_every_row_once_and_keep_to_their_bounds(make_trainer: Callable[[], Trainer]) -> None:
    trainer = make_trainer()
    made = batches(trainer.rows, trainer.card, 0)
    assert sorted(i for batch in made for i in batch) == list(range(len(trainer.rows)))
    assert max(len(batch) for batch in made) <= 8


def test_another_epoch_has_another_order(make_trainer: Callable[[], Trainer]) -> None:
    trainer = make_trainer()
    assert batches(trainer.rows, trainer.card, 0) != batches(trainer.rows, trainer.card, 1)


def test_too_few_rows_are_refused_in_one_line(run: Run, make_data: Callable[..., Path], tmp_path: Path) -> None:
    few = make_data(posts=[{"text": "up", "sentiment": "positive"}], events=[{"text": "x", "event": "none"}])
    with pytest.raises(FatalError, match="holds 2 texts for pack tiny, too few"):
        train(run.source, few, tmp_path, out=tmp_path / "new")


def test_nine_of_ten_new_texts_keep_their_right_topic() -> None:
    group = Group(name="event", kind="softmax", labels=("forged", "none"), topics={"forged": ("fraud",)})
    draw = np.random.default_rng(1)
    rows = [Example(str(i), {"event": (1.0, 0.0)}, {"event": 1.0}) for i in range(500)]
    known, new = draw.beta(4, 2, 500), draw.beta(4, 2, 5_000)
    fitted = threshold(rows, {"event": np.stack([known, 1 - known], axis=1)}, (group,), 0.9)
    assert fitted.rows == 500
    assert float((new >= fitted.threshold).mean()) == pytest.approx(0.9, abs=0.03)

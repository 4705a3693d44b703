"""The trainer: what is saved is what was trained, an interrupted run goes on, later options are off by default."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from model import adapter, word_change
from model.batches import batches
from model.card import Card
from model.pack import Pack
from model.trainer import Trainer, fingerprint, rate_share

Dump = dict[str, Any]
MakeTrainer = Callable[..., Trainer]
FULL = {"method": "full", "rate": 0.003, "layer_decay": 0.9, "drop": 0.2, "dropout": 0.1, "smoothing": 0.05, "average": 0.2}


WORDS = {"head_rate": 0.01, "word_rank": 4}


@pytest.mark.parametrize("recipe", [{}, FULL, FULL | WORDS], ids=["lora", "full", "words"])
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
        adapter.save(tensors, trainer.heads.state_dict(), tmp_path)
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
def test_words_change_by_low_rank_and_ship_so(make_trainer: MakeTrainer, recipe: Dump) -> None:
    trainer = make_trainer(**recipe, **WORDS)
    list(trainer.run_epoch())
    trainer.average = []
    words = word_change.of(trainer.model)
    assert words is not None
    change = (words.B @ words.A).detach()
    assert change.abs().max() > 0.001
    with trainer.as_shipped() as tensors:
        assert word_change.rank_of(tensors) == 4
        shipped = adapter.deltas(tensors, trainer.card)["embeddings.word_embeddings.weight"]
    assert torch.allclose(shipped, change, atol=1e-3)


def test_a_run_goes_on_from_changed_words(make_trainer: MakeTrainer) -> None:
    first = make_trainer(**FULL, **WORDS)
    list(first.run_epoch())
    first.average = []
    rows = [row.ids for row in first.rows[:8]]
    with first.as_shipped() as tensors, torch.inference_mode():
        shipped, heads = first.logits(rows), {name: value.clone() for name, value in first.heads.state_dict().items()}
    second = make_trainer(**FULL, **WORDS | {"word_rank": 6})
    second.start_from(tensors, first.card, heads)
    with torch.inference_mode():
        begun = second.logits(rows)
    assert all(torch.allclose(begun[group], values, atol=1e-4) for group, values in shipped.items())


LATER = {**FULL, "r_drop": 1.0, "class_weights": 0.5, "precision": "bf16", "word_rank": 2, "hidden_dropout": 0.1}


@pytest.mark.parametrize("recipe", [{}, FULL, LATER], ids=["lora", "full", "later options"])
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


def test_a_recipe_of_before_the_later_options_keeps_its_fingerprint() -> None:
    card = {
        "name": "p",
        "version": "1",
        "language": "en",
        "base": "some-base",
        "intended_use": "t",
        "limits": "t",
        "groups": [
            {"name": "stance", "kind": "softmax", "labels": ["negative", "neutral", "positive"]},
            {"name": "news", "kind": "sigmoid", "labels": ["a", "b"]},
        ],
        "recipe": {
            "method": "full",
            "drop": 0.1,
            "sets": [{"name": "posts", "field": "sentiment", "group": "stance"}],
            "weak": [{"set": "posts", "group": "stance", "label": "negative", "weight": 0.2, "but": ["none"]}],
        },
    }
    # As computed before there were any: a run under way is resumed by its fingerprint.
    before = "442c6d1c9b07c2c70a45bb1a49dfbbae41dbde271ef5f9fbaa03eb5232a7c0a8"
    assert fingerprint(Card.model_validate(card)) == before


@pytest.mark.parametrize(
    "option",
    [{"r_drop": 0.5}, {"class_weights": 0.5}, {"precision": "bf16"}, {"word_rank": 2}, {"hidden_dropout": 0.1}],
    ids=str,
)
def test_a_later_option_that_is_on_changes_the_fingerprint(card: Dump, option: Dump) -> None:
    other = Card.model_validate({**card, "recipe": {**card["recipe"], **option}})
    assert fingerprint(other) != fingerprint(Card.model_validate(card))


def _losses(trainer: Trainer) -> list[float]:
    return [loss for loss, _ in zip(trainer.run_epoch(), range(8), strict=False)]


def test_r_drop_adds_nothing_where_nothing_is_dropped(make_trainer: MakeTrainer) -> None:
    assert _losses(make_trainer(r_drop=5.0)) == pytest.approx(_losses(make_trainer()), rel=1e-3)


def test_r_drop_adds_how_far_two_readings_differ(make_trainer: MakeTrainer) -> None:
    dropping = {"drop": 0.3, "dropout": 0.3}
    little, much = (_losses(make_trainer(**dropping, r_drop=weight))[0] for weight in (1e-9, 5.0))
    assert much > little * 1.01


def test_class_weights_change_what_is_minimised(make_trainer: MakeTrainer) -> None:
    plain, weighted = make_trainer(), make_trainer(class_weights=True)
    assert plain.objective.balances == {}
    assert weighted.card.recipe.class_weights == 0.5
    assert _losses(weighted) != pytest.approx(_losses(plain), rel=1e-3)


def test_training_in_bf16_learns_and_keeps_its_weights_in_fp32(make_trainer: MakeTrainer) -> None:
    whole, half = make_trainer(), make_trainer(precision="bf16")
    first, coarse = _losses(whole), _losses(half)
    assert coarse == pytest.approx(first, rel=0.1)
    assert coarse != first
    assert {value.dtype for value in half.weights.values()} == {torch.float32}
    while half.epoch < 2:
        *_, last = half.run_epoch()
    assert last < first[0] / 2


def test_values_are_dropped_inside_the_encoder_in_a_step_and_not_when_it_is_judged(make_trainer: MakeTrainer) -> None:
    plain, dropping = make_trainer(**FULL), make_trainer(**FULL, hidden_dropout=0.5)
    rows, draw = [row.ids for row in plain.rows[:8]], [torch.Generator().manual_seed(seed) for seed in (1, 1, 2)]
    before = torch.get_rng_state()
    with torch.no_grad():
        one, same, other = (dropping.logits(rows, each)["stance"] for each in draw)
        judged, without = dropping.logits(rows)["stance"], plain.logits(rows)["stance"]
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.allclose(one, other, atol=1e-3)
    assert torch.equal(judged, without)


def test_what_ships_is_compared_in_the_precision_of_serving(make_trainer: MakeTrainer) -> None:
    whole, half = make_trainer(), make_trainer(precision="bf16")
    ids = [row.ids for row in whole.rows[:20]]
    with torch.inference_mode():
        assert torch.equal(whole.logits(ids)["news"], half.logits(ids)["news"])


def test_batches_hold_every_row_once_and_keep_to_their_bounds(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    made = batches(trainer.rows, trainer.card.recipe, 0)
    assert sorted(i for batch in made for i in batch) == list(range(len(trainer.rows)))
    assert max(len(batch) for batch in made) <= 8


def test_another_epoch_has_another_order(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    assert batches(trainer.rows, trainer.card.recipe, 0) != batches(trainer.rows, trainer.card.recipe, 1)


def test_rates_warm_up_and_come_down_to_the_final_one(card: Dump) -> None:
    recipe = Card.model_validate({**card, "recipe": {**card["recipe"], "warmup": 0.1, "final_rate": 0.2}}).recipe
    shares = [rate_share(step, 100, recipe) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == shares[10] == 1.0
    assert shares[99] == pytest.approx(0.2, abs=0.01)
    assert sorted(shares[10:], reverse=True) == shares[10:]

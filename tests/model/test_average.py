"""The mean of two packs: between them in its weights, calibrated, and honest about what it was made of."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from rich.console import Console

from groundswell.errors import FatalError
from model import adapter, word_change
from model.average import Weights, average, mean
from model.card import Parent, Source, read_card, write_card
from model.pack import Pack
from model.train import train

Dump = dict[str, Any]
LABELLED = "named by both"


def quiet() -> Console:
    return Console(file=io.StringIO())


def packs(card: Dump, data: Path, folder: Path, **recipe: object) -> tuple[Path, Path]:
    """Two packs trained from different seeds, the second with its ``recipe``."""
    found = []
    both: tuple[Dump, Dump] = ({"seed": 1}, {"seed": 2, **recipe})
    for number, more in enumerate(both):
        made = folder / str(number)
        made.mkdir()
        full = {**card["recipe"], "method": "full", "rank": 16, "epochs": 1, **more}
        sources = [{"name": name, "what": "w", "licence": "CC0", "rows": 1} for name in (LABELLED, f"own of {number}")]
        dump = {**card, "version": f"0.{number}.0", "recipe": full, "data": sources, "conformal": {"coverage": 0.5}}
        (made / "card.yaml").write_text(yaml.safe_dump(dump), "utf-8")
        train(made, data, folder, console=quiet())
        found.append(made)
    return found[0], found[1]


@pytest.fixture(scope="module")
def two(plain_card: Dump, learnable: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return packs(plain_card, learnable, tmp_path_factory.mktemp("two"))


def changed(folder: Path, to: Path, **fields: object) -> Path:
    """A copy of a pack with other ``fields`` in its card."""
    to.mkdir()
    for name in ("adapter.safetensors", "heads.safetensors"):
        (to / name).write_bytes((folder / name).read_bytes())
    write_card(read_card(folder).model_copy(update=fields), to)
    return to


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_each_weight_is_the_weighted_mean_of_both_but_for_four_bits(two: tuple[Path, Path], share: float) -> None:
    first, second = map(Weights.read, two)
    stored, heads = mean(first, second, share)
    found, before, after = (adapter.deltas(one, second.card) for one in (stored, first.stored, second.stored))
    assert found.keys() == after.keys()
    for name, value in found.items():
        expected = (1 - share) * before[name] + share * after[name]
        assert torch.dist(value, expected) <= 0.15 * expected.norm() + 1e-6, name
    for name, value in heads.items():
        assert torch.allclose(value, (1 - share) * first.heads[name].float() + share * second.heads[name].float())


def test_the_word_embeddings_of_one_count_with_its_share(plain_card: Dump, learnable: Path, tmp_path: Path) -> None:
    first, second = map(Weights.read, packs(plain_card, learnable, tmp_path, word_rank=2))
    name = f"{word_change.LAYER}.weight"
    alone = adapter.deltas(second.stored, second.card)[name]
    for one, other, share in ((first, second, 0.7), (second, first, 0.3)):
        stored, _ = mean(one, other, share)
        assert torch.allclose(adapter.deltas(stored, second.card)[name], 0.7 * alone, atol=1e-3 * float(alone.abs().max()))
    twice, _ = mean(second, second, 0.5)
    assert word_change.rank_of(twice) == 4
    assert torch.allclose(adapter.deltas(twice, second.card)[name], alone, atol=1e-3 * float(alone.abs().max()))
    assert name not in adapter.deltas(mean(first, second, 0.0)[0], second.card)


def test_the_share_with_the_least_held_out_loss_is_written_and_told(
    two: tuple[Path, Path], learnable: Path, tmp_path: Path
) -> None:
    card, tried = average(*two, learnable, tmp_path / "mean", tmp_path, (0.2, 0.4, 0.6), quiet())
    best = min(tried, key=lambda one: one.loss).share
    assert [one.share for one in tried] == [0.2, 0.4, 0.6]
    assert len({one.loss for one in tried}) == 3
    assert card == read_card(tmp_path / "mean")
    assert [(one.version, one.share) for one in card.mean_of] == [("0.0.0", round(1 - best, 4)), ("0.1.0", best)]
    assert [one.recipe.seed for one in card.mean_of] == [1, 2]
    expected, _ = mean(Weights.read(two[0]), Weights.read(two[1]), best)
    assert all(torch.equal(value, expected[name]) for name, value in adapter.read(tmp_path / "mean", "adapter").items())
    assert Pack.load(tmp_path / "mean", tmp_path).version == "0.1.0"


def test_its_card_is_calibrated_has_no_figures_and_names_all_data(
    two: tuple[Path, Path], learnable: Path, tmp_path: Path
) -> None:
    old = Source(name="old", what="w", licence="MIT", rows=3)
    first = changed(two[0], tmp_path / "first", data=(*read_card(two[0]).data, old))
    card, _ = average(first, two[1], learnable, tmp_path / "mean", tmp_path, (0.5,), quiet())
    assert card.conformal.rows > 0
    assert card.mix is not None
    assert card.figures == ()
    assert [source.name for source in card.data] == [LABELLED, "own of 1", "own of 0", "old"]


def test_the_mean_of_a_mean_names_all_that_were_trained(two: tuple[Path, Path], learnable: Path, tmp_path: Path) -> None:
    card = read_card(two[0])
    parents = tuple(
        Parent(name=name, version="1", share=share, recipe=card.recipe) for name, share in (("a", 0.25), ("b", 0.75))
    )
    first = changed(two[0], tmp_path / "first", mean_of=parents)
    found, _ = average(first, two[1], learnable, tmp_path / "mean", tmp_path, (0.6,), quiet())
    assert [(one.name, one.share) for one in found.mean_of] == [("a", 0.1), ("b", 0.3), ("tiny", 0.6)]
    again, _ = average(first, first, learnable, tmp_path / "again", tmp_path, (0.6,), quiet())
    assert again.mean_of == parents


def test_what_is_trained_on_from_a_mean_is_no_mean(two: tuple[Path, Path], learnable: Path, tmp_path: Path) -> None:
    parent = Parent(name="a", version="1", share=1.0, recipe=read_card(two[0]).recipe)
    start = changed(two[0], tmp_path / "start", mean_of=(parent,))
    assert train(start, learnable, tmp_path, out=tmp_path / "new", console=quiet(), start=start).mean_of == ()


def test_nothing_is_written_where_one_alone_is_best(two: tuple[Path, Path], learnable: Path, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"alone is better than every mean \(held-out loss [\d.]+ at 0, [\d.]+ at 1\)"):
        average(*two, learnable, tmp_path / "mean", tmp_path, (0.0, 1.0), quiet())
    assert list((tmp_path / "mean").iterdir()) == []


def test_nothing_is_written_where_a_canned_sentence_is_misread(two: tuple[Path, Path], learnable: Path, tmp_path: Path) -> None:
    dump = yaml.safe_load((two[1] / "card.yaml").read_text("utf-8"))
    second = changed(two[1], tmp_path / "second")
    (second / "card.yaml").write_text(yaml.safe_dump({**dump, "self_test": [{"text": "q bad q", "stance": "positive"}]}))
    with pytest.raises(FatalError, match="self-test failed"):
        average(two[0], second, learnable, tmp_path / "mean", tmp_path, (0.5,), quiet())
    assert list((tmp_path / "mean").iterdir()) == []


def test_packs_that_do_not_go_together_are_refused(
    two: tuple[Path, Path], learnable: Path, make_data: Callable[..., Path], tmp_path: Path
) -> None:
    card = read_card(two[0])
    lora = changed(two[0], tmp_path / "lora", recipe=card.recipe.model_copy(update={"method": "lora"}))
    fewer = changed(
        two[0],
        tmp_path / "fewer",
        groups=(*card.groups[:-1], card.groups[-1].model_copy(update={"labels": ("none", "forged")})),
    )
    elsewhere = changed(two[0], tmp_path / "elsewhere", base="another")
    few = make_data(posts=[{"text": "up", "sentiment": "positive"}], events=[{"text": "x", "event": "none"}])
    for first, data, out, why in (
        (lora, learnable, "mean", "was not trained whole"),
        (fewer, learnable, "mean", "not of one base with the same labels"),
        (elsewhere, learnable, "mean", "not of one base with the same labels"),
        (two[0], few, "mean", "is held out"),
        (two[0], learnable, "lora", "already holds a pack"),
    ):
        with pytest.raises(FatalError, match=why):
            average(first, two[1], data, tmp_path / out, tmp_path, (0.5,), quiet())
    assert not (tmp_path / "mean").exists()

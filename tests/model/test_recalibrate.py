"""Calibrating a finished pack anew: what training would have written, and nothing where it cannot be used."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from groundswell.errors import FatalError
from model.card import STANCES, Card, Conformal, read_card, write_card
from model.recalibrate import recalibrate
from model.train import train

Dump = dict[str, Any]


@pytest.fixture(scope="module")
def trained(plain_card: Dump, learnable: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack as training leaves it; of few held-out texts only one half can be promised."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "card.yaml").write_text(yaml.safe_dump({**plain_card, "conformal": {"coverage": 0.5}}), "utf-8")
    train(folder, learnable, folder, console=quiet())
    return folder


@pytest.fixture
def pack(trained: Path, tmp_path: Path) -> Path:
    """A copy of it whose card has lost its calibration."""
    folder = tmp_path / "pack"
    shutil.copytree(trained, folder)
    card = read_card(folder)
    groups = tuple(group.model_copy(update={"temperature": 1.0}) for group in card.groups)
    write_card(
        changed(card, groups=groups, conformal=Conformal(coverage=0.5), stance_sets=None, mix=None, stance_prior=None), folder
    )
    return folder


def quiet() -> Console:
    return Console(file=io.StringIO())


def changed(card: Card, **fields: object) -> Card:
    return card.model_copy(update=fields)


def test_the_calibration_is_what_training_wrote(trained: Path, pack: Path, learnable: Path, tmp_path: Path) -> None:
    then, now = read_card(trained), recalibrate(pack, learnable, tmp_path, console=quiet())
    assert [group.temperature for group in now.groups] == pytest.approx([one.temperature for one in then.groups], abs=1e-3)
    assert then.conformal.rows == now.conformal.rows
    assert then.conformal.threshold > 0
    assert now.conformal.threshold == pytest.approx(then.conformal.threshold, abs=1e-3)
    assert then.stance_sets is not None
    assert now.stance_sets is not None
    thresholds = [[sets.threshold_of(name) for name in STANCES] for sets in (now.stance_sets, then.stance_sets)]
    assert thresholds[0] == pytest.approx(thresholds[1], abs=1e-3)
    assert now.mix == then.mix
    assert now.stance_prior == then.stance_prior is not None


def test_the_card_is_written_and_the_weights_stay(trained: Path, pack: Path, learnable: Path, tmp_path: Path) -> None:
    assert recalibrate(pack, learnable, tmp_path, console=quiet()) == read_card(pack)
    for name in ("adapter.safetensors", "heads.safetensors"):
        assert (pack / name).read_bytes() == (trained / name).read_bytes()


def test_another_coverage_in_the_card_is_that_of_all_sets(pack: Path, learnable: Path, tmp_path: Path) -> None:
    half = recalibrate(pack, learnable, tmp_path, console=quiet())
    write_card(changed(half, conformal=Conformal(coverage=0.9)), pack)
    ninety = recalibrate(pack, learnable, tmp_path, console=quiet())
    assert half.stance_sets is not None
    assert ninety.stance_sets is not None
    assert (ninety.conformal.coverage, ninety.stance_sets.coverage) == (0.9, 0.9)
    assert ninety.conformal.threshold < half.conformal.threshold
    assert ninety.stance_sets.threshold <= half.stance_sets.threshold


def test_how_far_it_is_is_shown(pack: Path, learnable: Path, tmp_path: Path) -> None:
    console = quiet()
    recalibrate(pack, learnable, tmp_path, console=console)
    assert isinstance(console.file, io.StringIO)
    assert "fitting on held-out texts" in console.file.getvalue()


def test_a_pack_that_fails_its_self_test_keeps_its_card(pack: Path, learnable: Path, tmp_path: Path) -> None:
    dump = yaml.safe_load((pack / "card.yaml").read_text("utf-8"))
    (pack / "card.yaml").write_text(yaml.safe_dump({**dump, "self_test": [{"text": "q bad q", "stance": "positive"}]}))
    before = (pack / "card.yaml").read_bytes()
    with pytest.raises(FatalError, match="self-test failed: 'q bad q' reads as negative"):
        recalibrate(pack, learnable, tmp_path, console=quiet())
    assert (pack / "card.yaml").read_bytes() == before


def test_data_without_held_out_texts_is_refused(pack: Path, make_data: Callable[..., Path], tmp_path: Path) -> None:
    few = make_data(posts=[{"text": "up", "sentiment": "positive"}], events=[{"text": "x", "event": "none"}])
    with pytest.raises(FatalError, match=r"none of the texts in .* is held out"):
        recalibrate(pack, few, tmp_path, console=quiet())

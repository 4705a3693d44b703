"""Packs that follow their folders: taken over between batches, refused when they read wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import REGISTRY

from groundswell.clock import ManualClock
from groundswell.errors import FatalError
from model.pack import Pack
from model.reload import CHECK_SECONDS, PackFolder

MakePack = Callable[..., Path]
Card = dict[str, Any]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves when told to."""
    return ManualClock(datetime(2024, 11, 25, 10, 0, tzinfo=UTC))


@pytest.fixture
def folder(make_pack: MakePack, card: Card) -> Path:
    """A pack over the tiny base."""
    return make_pack(card)


@pytest.fixture
def pack(folder: Path, clock: ManualClock, tmp_path: Path) -> PackFolder:
    """The pack, followed."""
    return PackFolder(folder, lambda path: Pack.load(path, tmp_path), clock)


def pass_time(pack: PackFolder, clock: ManualClock, checks: int = 4) -> None:
    """Let so many checks pass, with time for a load after each."""
    for _ in range(checks):
        clock.advance(timedelta(seconds=CHECK_SECONDS))
        pack.refresh()
        pack.wait(60)


def reloads(result: str) -> float:
    return REGISTRY.get_sample_value("groundswell_pack_reloads_total", {"language": "en", "result": result}) or 0.0


def test_a_changed_pack_takes_over(pack: PackFolder, clock: ManualClock, make_pack: MakePack, card: Card) -> None:
    before = reloads("taken")
    make_pack({**card, "version": "0.0.2"})
    pass_time(pack, clock)
    assert pack.version == "0.0.2"
    assert reloads("taken") == before + 1


def test_a_pack_that_has_not_changed_is_not_loaded_again(folder: Path, clock: ManualClock, tmp_path: Path) -> None:
    loaded: list[Path] = []

    def load(path: Path) -> Pack:
        loaded.append(path)
        return Pack.load(path, tmp_path)

    pass_time(PackFolder(folder, load, clock), clock)
    assert len(loaded) == 1


def test_a_changed_pack_waits_for_the_moment_between_two_batches(
    pack: PackFolder, clock: ManualClock, make_pack: MakePack, card: Card
) -> None:
    make_pack({**card, "version": "0.0.2"})
    pass_time(pack, clock, checks=2)
    assert pack.version == "0.0.1"
    pack.refresh()
    assert pack.version == "0.0.2"


def test_a_pack_that_is_still_being_written_is_left_alone(
    pack: PackFolder, clock: ManualClock, make_pack: MakePack, card: Card
) -> None:
    before = reloads("refused")
    for version in ("0.0.2", "0.0.3", "0.0.4"):
        make_pack({**card, "version": version})
        pass_time(pack, clock, checks=1)
    assert (pack.version, reloads("refused")) == ("0.0.1", before)


def test_a_pack_that_fails_its_self_test_is_refused_and_the_old_one_goes_on(
    pack: PackFolder, clock: ManualClock, make_pack: MakePack, card: Card
) -> None:
    before, stance = reloads("refused"), pack.predict(["good"])[0].stance
    wrong = ["negative", "neutral", "positive"][int(np.argmin(stance))]
    make_pack({**card, "version": "0.0.2", "self_test": [{"text": "good", "stance": wrong}]})
    pass_time(pack, clock)
    assert pack.version == "0.0.1"
    assert pack.predict(["good"])[0].stance == stance
    assert reloads("refused") == before + 1


def test_a_pack_of_another_language_is_refused(pack: PackFolder, clock: ManualClock, make_pack: MakePack, card: Card) -> None:
    make_pack({**card, "version": "0.0.2", "language": "zh"})
    pass_time(pack, clock)
    assert pack.version == "0.0.1"


def test_a_lost_file_is_refused_and_its_return_taken(
    pack: PackFolder, folder: Path, clock: ManualClock, make_pack: MakePack, card: Card
) -> None:
    (folder / "heads.safetensors").unlink()
    pass_time(pack, clock)
    assert pack.version == "0.0.1"
    make_pack({**card, "version": "0.0.2"})
    pass_time(pack, clock)
    assert pack.version == "0.0.2"


def test_a_bad_pack_at_the_start_ends_it(folder: Path, clock: ManualClock, tmp_path: Path) -> None:
    (folder / "card.yaml").unlink()
    with pytest.raises(FatalError, match=r"card\.yaml cannot be read"):
        PackFolder(folder, lambda path: Pack.load(path, tmp_path), clock)

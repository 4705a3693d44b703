"""A pack over the user's own BERT, with labels of the user's own: trained, saved, read back by its card alone."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from groundswell.errors import FatalError
from model.bases import rebased
from model.card import Card, write_card
from model.pack import Pack
from model.tokenizer import load_tokenizer
from model.train import train

Dump = dict[str, Any]


@pytest.fixture
def published(tiny_base: Path, tmp_path: Path) -> Path:
    """The tiny base as older models are published: with a vocabulary and without a fast tokenizer."""
    folder = Path(shutil.copytree(tiny_base, tmp_path / "published"))
    tokens = load_tokenizer(folder).get_vocab()
    (folder / "vocab.txt").write_text("\n".join(sorted(tokens, key=lambda token: tokens[token])) + "\n", "utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    return folder


def test_a_pack_over_the_users_own_base_is_trained_and_knows_its_base_again(
    published: Path, card: Dump, make_data: Callable[..., Path], tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    write_card(rebased(Card.model_validate(card), str(published), tmp_path), pack)
    letters = "abcdefghijklmnopqrstuvwxyz"
    posts = [{"text": f"good {one}", "sentiment": "positive"} for one in letters]
    events = [{"text": f"fraud {one} {other}", "event": "forged"} for one in letters for other in letters[:6]]
    train(pack, make_data(posts=posts, events=events), tmp_path, console=Console(file=io.StringIO()))
    loaded = Pack.load(pack, tmp_path)
    assert loaded.card.base == str(published)
    assert sum(loaded.predict(["good"])[0].stance) == pytest.approx(1)
    with (published / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")
    with pytest.raises(FatalError, match="the pack was trained on"):
        Pack.load(pack, tmp_path)

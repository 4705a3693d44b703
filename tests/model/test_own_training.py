"""Training on the users' own labels beside the sets of the recipe."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rich.console import Console

from model.pack import Pack
from model.train import train

FILLERS = list(itertools.product("abcdefghij", "klmnopqrst"))


@pytest.fixture
def data(make_data: Callable[..., Path]) -> Path:
    """Sets that know the words good, bad and fraud, and own labels that know the word bank."""
    words = {"good": "positive", "bad": "negative", "fine": "neutral"}
    posts = [{"text": f"{a} {word} {b}", "sentiment": stance} for a, b in FILLERS for word, stance in words.items()]
    events = [
        {"text": f"{a} {word} {b}", "event": label}
        for a, b in FILLERS
        for word, label in (("fraud", "forged"), ("fall", "none"))
    ]
    own: list[dict[str, Any]] = [
        {"text": f"{a} {word} {b}", "stance": stance, "topics": [topic]}
        for a, b in FILLERS
        for word, stance, topic in (("bank", "negative", "liquidity"), ("sales", "positive", "earnings"))
    ]
    return make_data(posts=posts, events=events, own=own)


def test_a_pack_learns_the_stances_and_topics_that_its_users_labelled(card: dict[str, Any], data: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "card.yaml").write_text(yaml.safe_dump(card, allow_unicode=True), "utf-8")
    train(source, data, tmp_path, out=tmp_path / "trained", console=Console(file=io.StringIO()))
    pack = Pack.load(tmp_path / "trained", tmp_path)
    bank, sales = pack.predict(["q bank q", "q sales q"])
    assert (int(np.argmax(bank.stance)), int(np.argmax(sales.stance))) == (0, 2)
    assert bank.labels["news/bank"] > 0.5 > bank.labels["news/sales"]
    assert sales.labels["news/sales"] > 0.5 > sales.labels["news/bank"]
    assert all(np.isfinite(value).all() for value in pack.logits(["q home q"]).values())

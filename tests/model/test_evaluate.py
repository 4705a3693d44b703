"""Evaluation: what goes into a pack's card."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.evaluate import evaluate
from model.pack import Pack


@pytest.fixture
def pack(make_pack: Callable[..., Path], card: dict[str, Any], tmp_path: Path) -> Pack:
    """A pack over the tiny base."""
    return Pack.load(make_pack(card), tmp_path)


def test_a_figure_names_the_command_that_measures_it_again(pack: Pack, make_data: Callable[..., Path]) -> None:
    folder = make_data(posts=[{"text": "good", "sentiment": "positive"}, {"text": "bad", "sentiment": "negative"}])
    found = evaluate(pack, folder / "posts_train.jsonl", "posts")
    assert (found.rows, found.command) == (2, "groundswell evaluate posts_train.jsonl --labels posts")


def test_a_figure_is_over_the_sets_own_labels(pack: Pack, make_data: Callable[..., Path]) -> None:
    folder = make_data(events=[{"text": "fraud", "event": "forged"}, {"text": "calm", "event": "none"}])
    found = evaluate(pack, folder / "events_train.jsonl", "events")
    given = [max(("forged", "none"), key=lambda label: one.labels[f"event/{label}"]) for one in pack.predict(["fraud", "calm"])]
    assert found.accuracy == sum(a == b for a, b in zip(given, ("forged", "none"), strict=True)) / 2

"""Provenance: a run names what it was given."""

import hashlib
from pathlib import Path
from typing import Any

from model.card import Card
from model.records.provenance import described


def test_what_a_run_depends_on_names_the_users_own_labels_and_the_pack_it_starts_from(
    card: dict[str, Any], tmp_path: Path
) -> None:
    for name in ("posts", "events", "own"):
        (tmp_path / f"{name}_train.jsonl").write_text(name, "utf-8")
    (tmp_path / "adapter.safetensors").write_bytes(b"weights")
    found = described(Card.model_validate(card), tmp_path, 90, 10, start=tmp_path)
    assert found["data"] == {name: hashlib.sha256(name.encode()).hexdigest() for name in ("posts", "events", "own")}
    assert found["start"] == hashlib.sha256(b"weights").hexdigest()
    assert found["recipe"]["seed"] == 7

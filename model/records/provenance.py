"""What a training run depends on, so that its figures can be traced and made again."""

import hashlib
from pathlib import Path
from typing import Any

import torch
import transformers

from model import own
from model.card import Card


def described(card: Card, data: Path, rows: int, held_out: int, start: Path | None = None) -> dict[str, Any]:
    """What a run depends on: card, recipe with its seed, SHA-256 of each set and of the pack to start from, versions."""
    names = [*(source.name for source in card.recipe.sets), own.SET]
    paths = {name: data / f"{name}_train.jsonl" for name in names}
    return {
        "pack": card.name,
        "version": card.version,
        "base": card.base,
        "base_sha256": card.base_sha256,
        "start": _digest(start / "adapter.safetensors") if start else None,
        "recipe": card.recipe.model_dump(mode="json"),
        "data": {name: _digest(path) for name, path in paths.items() if path.is_file()},
        "texts": rows,
        "held_out": held_out,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "device": "cuda" if torch.cuda.is_available() else "cpu",
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

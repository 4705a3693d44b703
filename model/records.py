"""The record of a training run: what it was given and how it went, as JSON lines, and for TensorBoard where there is one."""

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from model.card import Card

NAME = "training.jsonl"


class Record:
    """Appends to ``training.jsonl`` in a pack's folder; curves also go to event files under ``events`` beside it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._board: Any = None
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 an import of seconds that few need

            self._board = SummaryWriter(str(folder / "events"))

    def begin(self, card: Card, data: Path, rows: int, held_out: int) -> None:
        """Write down what the run depends on; what an earlier run left is replaced."""
        sets = {source.name: data / f"{source.name}_train.jsonl" for source in card.recipe.sets}
        self._path.write_text("", "utf-8")
        self._path.chmod(0o644)
        self._write(
            {
                "pack": card.name,
                "version": card.version,
                "base": card.base,
                "recipe": card.recipe.model_dump(mode="json"),
                "data": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sets.items()},
                "texts": rows,
                "held_out": held_out,
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "device": "cuda" if torch.cuda.is_available() else "cpu",
            }
        )

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write down ``values`` as they stand after ``step`` steps."""
        self._write({"step": step, **values})
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
            self._board.flush()

    def _write(self, values: Mapping[str, object]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values, ensure_ascii=False) + "\n")

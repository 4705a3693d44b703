"""Which backend computes a pack's encoder: the one that was asked for, or the one that was measured to be best."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch

from model import adapter
from model.backends.abstract import Backend
from model.backends.onnx_backend import kept
from model.backends.torch_backend import TorchBackend, merged
from model.card import Card

Name = Literal["auto", "torch", "onnx", "onnx-int8"]
WEIGHTS = ("config.json", "*.safetensors", "*.bin")
"""The files of a base on which its graph depends."""


def best(*, gpu: bool) -> Name:
    """Choose the backend of ``auto``: torch on a GPU, ONNX Runtime in fp32 on a CPU, where it was measured to be ahead.

    int8 never: its activations are scaled over the whole batch, so that a text would read differently in another.
    """
    return "torch" if gpu else "onnx"


def open_backend(asked: Name, base: Path, card: Card, folder: Path, cache: Path, threads: int | None) -> Backend:
    """The encoder in ``base`` with the adapter of the pack in ``folder``, ready to run.

    Raises FatalError in one line when a file is missing or damaged, or the cache cannot be written.
    """
    name = best(gpu=torch.cuda.is_available()) if asked == "auto" else asked
    changes: Mapping[str, torch.Tensor] = adapter.deltas(adapter.read(folder, "adapter"), card)
    if name == "torch":
        return TorchBackend(merged(base, changes), threads)
    weights = sorted(path for pattern in WEIGHTS for path in base.glob(pattern))
    own = [folder / "card.yaml", folder / "adapter.safetensors"]  # the heads stand after the graph
    return kept(name, [*weights, *own], lambda: merged(base, changes), cache, threads)

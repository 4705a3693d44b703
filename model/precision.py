"""In which precision the encoder computes while it is trained; weights and optimizer are fp32 in any case."""

import torch

from groundswell import log
from model.card import Recipe


def half(recipe: Recipe, device: torch.device) -> bool:
    """Whether the passes of a training step on ``device`` are in bf16."""
    return device.type == "cuda" if recipe.precision == "auto" else recipe.precision == "bf16"


def warn_if_emulated(recipe: Recipe, device: torch.device) -> None:
    """Say so in one line where the recipe wants bf16 of a CPU that has no instructions for it, and is far slower in it."""
    bf16 = half(recipe, device)
    if bf16 and device.type == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():  # noqa: SLF001 no public name
        log.get(__name__).warning(
            "precision: this CPU only emulates bf16 and trains many times slower in it; leave precision: bf16 out of the recipe"
        )

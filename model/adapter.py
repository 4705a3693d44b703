"""Low-rank adapters: put into a base for training, taken out as small tensors, added to its weights for serving."""

from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig, inject_adapter_in_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import BertModel

from groundswell.errors import FatalError
from model.card import Card
from model.heads import Heads

TARGETS = ["query", "key", "value", "dense"]


def inject(model: BertModel, card: Card) -> None:
    """Freeze ``model`` and put trainable adapters beside each linear layer of its encoder, in place."""
    recipe = card.recipe
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, target_modules=TARGETS, bias="none")
    model.requires_grad_(requires_grad=False)
    inject_adapter_in_model(config, model)


def state(model: BertModel) -> dict[str, torch.Tensor]:
    """``<layer>.A`` (rank, in) and ``<layer>.B`` (out, rank) of each adapted layer, in fp16."""
    return {
        name.replace(".lora_A.default.weight", ".A").replace(".lora_B.default.weight", ".B"): value.detach().half()
        for name, value in model.named_parameters()
        if ".lora_" in name
    }


def deltas(stored: Mapping[str, torch.Tensor], card: Card) -> dict[str, torch.Tensor]:
    """Parameter name -> what to add to it: (alpha / rank) B A, in fp32."""
    scale = card.recipe.alpha / card.recipe.rank
    layers = {name.removesuffix(".A") for name in stored if name.endswith(".A")}
    return {f"{name}.weight": scale * stored[f"{name}.B"].float() @ stored[f"{name}.A"].float() for name in layers}


def save(model: BertModel, heads: Heads, folder: Path) -> None:
    """Write adapter and heads into ``folder``, each in one step, readable by all."""
    for name, tensors in (("adapter", state(model)), ("heads", {k: v.half() for k, v in heads.state_dict().items()})):
        making = folder / f".{name}.safetensors"
        save_file({key: value.cpu().contiguous() for key, value in tensors.items()}, making)
        making.chmod(0o644)
        making.replace(folder / f"{name}.safetensors")


def read(folder: Path, name: str) -> dict[str, torch.Tensor]:
    """The tensors of ``<name>.safetensors``; FatalError when the file is missing or damaged."""
    path = folder / f"{name}.safetensors"
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise FatalError(
            f"pack: {path} cannot be read ({str(error).splitlines()[0]}); install the pack anew or train it"
        ) from None

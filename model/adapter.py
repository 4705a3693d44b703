"""What training changes in a base, as small tensors: low-rank factors of its matrices, its vectors as they are.

Put into a base for training, taken out, added to its weights for serving. A matrix that was trained whole changes in all
directions, so its factors are of a large rank, in four bits a number.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from groundswell.errors import FatalError
from model import int4, word_change
from model.card import Card

TARGETS = ["query", "key", "value", "dense"]
Tensors = dict[str, torch.Tensor]


def inject(model: "transformers.BertModel", card: Card) -> None:
    """Make trainable, in place, what the recipe's method trains: adapters beside the linear layers, or all layers.

    The table of word embeddings is changed by low rank or not at all (see `word_change`), positions never.
    """
    recipe = card.recipe
    model.requires_grad_(requires_grad=False)
    if recipe.method == "full":
        model.encoder.requires_grad_(requires_grad=True)
    else:
        from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415 an import of seconds that serving does without

        config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, target_modules=TARGETS, bias="none")
        inject_adapter_in_model(config, model)
    word_change.add_to(model, recipe.word_rank)


def state(model: "transformers.BertModel", card: Card, base: Mapping[str, torch.Tensor]) -> Tensors:
    """What a trained ``model`` adds to the weights of its ``base``.

    In fp16 ``<layer>.A`` (rank, in) and ``<layer>.B`` (out, rank) of each adapted layer, ``<parameter>.D`` of each vector, and
    of the word embeddings (words, rank) and (rank, width). Of a layer that was trained whole, A (rank, in) and B (rank, out)
    in four bits with ``<layer>.A.scale`` and ``<layer>.B.scale`` (see `int4`).
    """
    words = word_change.of(model)
    change = words.stored() if words else {}
    if card.recipe.method == "full":
        return differences(dict(model.named_parameters()), base, card.recipe.rank) | change
    return change | {
        name.replace(".lora_A.default.weight", ".A").replace(".lora_B.default.weight", ".B"): value.detach().half()
        for name, value in model.named_parameters()
        if ".lora_" in name
    }


def differences(trained: Mapping[str, torch.Tensor], base: Mapping[str, torch.Tensor], rank: int) -> Tensors:
    """How the weights that were ``trained`` differ from those of ``base``, as `kept`."""
    changed = (name for name, value in trained.items() if value.requires_grad and name in base)
    return kept({name: trained[name].detach().cpu() - base[name] for name in changed}, rank)


def kept(changes: Mapping[str, torch.Tensor], rank: int) -> Tensors:
    """What an adapter keeps of whole ``changes`` (parameter name -> change): vectors in fp16, `factors` in four bits."""
    found: Tensors = {}
    for name, change in changes.items():
        if change.dim() == 1:
            found[f"{name}.D"] = change.half()
            continue
        layer = name.removesuffix(".weight")
        for factor, values in zip("BA", factors(change, rank), strict=True):
            found[f"{layer}.{factor}"], found[f"{layer}.{factor}.scale"] = int4.quantize(values)
    return found


def factors(change: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """B (rank, out) and A (rank, in) whose product B^T A is the nearest to ``change`` of that rank (Eckart, Young 1936).

    Singular values are shared out between both. Four bits and a large rank lose less than as many bytes of a smaller rank.
    """
    left, values, right = torch.linalg.svd(change.double(), full_matrices=False)
    root = values[:rank].sqrt().unsqueeze(1)
    return left[:, :rank].T * root, right[:rank] * root


def deltas(stored: Mapping[str, torch.Tensor], card: Card) -> Tensors:
    """Parameter name -> what to add to it, in fp32: B A, times alpha / rank where the method is LoRA.

    A change may have rows and columns of zeros more than the parameter has.
    """
    scale = card.recipe.alpha / card.recipe.rank if card.recipe.method == "lora" else 1.0
    found = {name.removesuffix(".D"): value.float() for name, value in stored.items() if name.endswith(".D")}
    for name in (name.removesuffix(".A") for name in stored if name.endswith(".A")):
        first, second = stored[f"{name}.B"], stored[f"{name}.A"]
        if f"{name}.A.scale" in stored:
            first = int4.dequantize(first, stored[f"{name}.B.scale"]).T
            second = int4.dequantize(second, stored[f"{name}.A.scale"])
        found[f"{name}.weight"] = (1.0 if name == word_change.LAYER else scale) * first.float() @ second.float()
    return found


def add(model: "transformers.BertModel", changes: Mapping[str, torch.Tensor]) -> None:
    """Add ``changes`` (parameter name -> change) to the weights of ``model``, in place; FatalError when they are of another."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, change in changes.items():
            parameter = parameters.get(name)
            if parameter is None or not _fits(change.shape, parameter.shape):
                raise FatalError(f"pack: {name} of its adapter is not that of its base; install the pack anew or train it")
            parameter.add_(change[tuple(map(slice, parameter.shape))].to(parameter.device))


def _fits(change: torch.Size, parameter: torch.Size) -> bool:
    """Whether nothing but what fills up a block of four bits stands over."""
    over = [have - want for have, want in zip(change, parameter, strict=False)]
    return len(change) == len(parameter) and all(0 <= one < int4.BLOCK for one in over)


def save(tensors: Mapping[str, torch.Tensor], heads: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Write adapter and the state of heads, in fp16, into ``folder``, each in one step, readable by all."""
    for name, values in (("adapter", tensors), ("heads", {key: value.half() for key, value in heads.items()})):
        making = folder / f".{name}.safetensors"
        save_file({key: value.detach().cpu().contiguous() for key, value in values.items()}, making)
        making.chmod(0o644)
        making.replace(folder / f"{name}.safetensors")


def read(folder: Path, name: str) -> Tensors:
    """The tensors of ``<name>.safetensors``; FatalError when the file is missing or damaged."""
    path = folder / f"{name}.safetensors"
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise FatalError(
            f"pack: {path} cannot be read ({str(error).splitlines()[0]}); install the pack anew or train it"
        ) from None

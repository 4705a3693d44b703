"""What training changed, as small tensors."""

import pytest
import torch
from transformers import BertConfig, BertModel

from groundswell.errors import FatalError
from model.adapter import add, differences, factors
from model.int4 import dequantize


def small_bert() -> BertModel:
    shape = {"hidden_size": 12, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 20}
    return BertModel(BertConfig(vocab_size=9, **shape), add_pooling_layer=False)


def test_a_change_of_low_rank_is_kept_whole() -> None:
    draw = torch.Generator().manual_seed(1)
    change = 0.01 * torch.randn(40, 3, generator=draw) @ torch.randn(3, 30, generator=draw)
    left, right = factors(change, 4)
    assert (left.shape, right.shape) == ((4, 40), (4, 30))
    assert torch.allclose(left.T @ right, change.double(), atol=1e-8)


def test_the_largest_parts_of_a_change_are_kept_first() -> None:
    left, right = factors(torch.diag(torch.tensor([3.0, 2.0, 1.0])), 2)
    assert torch.allclose(left.T @ right, torch.diag(torch.tensor([3.0, 2.0, 0.0])).double(), atol=1e-6)


def test_four_bits_of_a_rank_are_nearer_than_the_same_bytes_in_half_precision() -> None:
    draw = torch.Generator().manual_seed(2)
    whole = torch.randn(96, 96, generator=draw) * 0.97 ** torch.arange(96.0) @ torch.randn(96, 96, generator=draw)
    base, trained = {"a.weight": torch.zeros(96, 96)}, {"a.weight": torch.nn.Parameter(whole)}
    kept = differences(trained, base, 64)
    fewer = [part.half().float() for part in factors(whole, 18)]
    assert sum(value.nbytes for value in kept.values()) <= 2 * sum(part.numel() for part in fewer)
    left, right = (dequantize(kept[f"a.{name}"], kept[f"a.{name}.scale"]) for name in "BA")
    assert torch.dist(left.T @ right, whole) < 0.5 * torch.dist(fewer[0].T @ fewer[1], whole)


def test_a_change_filled_up_with_zeros_is_cut_to_the_parameter() -> None:
    model, name = small_bert(), "encoder.layer.0.intermediate.dense.weight"
    before = dict(model.named_parameters())[name].detach().clone()
    change = torch.zeros(32, 32)
    change[:20, :12] = 0.5
    add(model, {name: change})
    assert torch.allclose(dict(model.named_parameters())[name], before + 0.5)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("encoder.layer.0.intermediate.dense.weight", (64, 32)),
        ("encoder.layer.0.intermediate.dense.weight", (16, 32)),
        ("encoder.layer.0.intermediate.dense.bias", (20, 1)),
        ("encoder.layer.7.intermediate.dense.weight", (32, 32)),
    ],
)
def test_a_change_of_another_base_is_refused_in_one_line(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(FatalError, match="is not that of its base") as caught:
        add(small_bert(), {name: torch.zeros(shape)})
    assert "\n" not in str(caught.value)


def test_vectors_are_kept_as_they_are_and_frozen_weights_not_at_all() -> None:
    base = {"a.weight": torch.zeros(6, 4), "a.bias": torch.zeros(6), "table.weight": torch.zeros(9, 4)}
    trained = {name: torch.nn.Parameter(value + 0.5, requires_grad=name != "table.weight") for name, value in base.items()}
    kept = differences(trained, base, 2)
    assert set(kept) == {"a.A", "a.A.scale", "a.B", "a.B.scale", "a.bias.D"}
    assert torch.equal(kept["a.bias.D"].float(), torch.full((6,), 0.5))

"""What training changed, as small tensors."""

import torch

from model.adapter import differences, factors


def test_a_change_of_low_rank_is_kept_whole() -> None:
    draw = torch.Generator().manual_seed(1)
    change = 0.01 * torch.randn(40, 3, generator=draw) @ torch.randn(3, 30, generator=draw)
    left, right = factors(change, 4)
    assert left.shape == (40, 4)
    assert right.shape == (4, 30)
    assert torch.allclose(left.float() @ right.float(), change, atol=1e-4)


def test_the_largest_parts_of_a_change_are_kept_first() -> None:
    change = torch.diag(torch.tensor([3.0, 2.0, 1.0]))
    left, right = factors(change, 2)
    assert torch.allclose(left.float() @ right.float(), torch.diag(torch.tensor([3.0, 2.0, 0.0])), atol=1e-2)


def test_vectors_are_kept_as_they_are_and_frozen_weights_not_at_all() -> None:
    base = {"a.weight": torch.zeros(6, 4), "a.bias": torch.zeros(6), "table.weight": torch.zeros(9, 4)}
    trained = {name: torch.nn.Parameter(value + 0.5, requires_grad=name != "table.weight") for name, value in base.items()}
    kept = differences(trained, base, 2)
    assert set(kept) == {"a.A", "a.B", "a.bias.D"}
    assert torch.equal(kept["a.bias.D"].float(), torch.full((6,), 0.5))

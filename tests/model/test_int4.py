"""Numbers in four bits."""

import pytest
import torch

from model.int4 import MOST, dequantize, quantize


@pytest.mark.parametrize("width", [1, 31, 32, 33, 100])
def test_each_number_errs_by_half_a_step_of_its_block(width: int) -> None:
    values = torch.randn(5, width, generator=torch.Generator().manual_seed(3))
    codes, scales = quantize(values)
    found = dequantize(codes, scales)
    assert codes.dtype == torch.uint8
    assert (2 * codes.shape[1], scales.shape[1] * 32) == (found.shape[1], found.shape[1])
    assert not found[:, width:].any()
    steps = scales.float().repeat_interleave(32, dim=1)[:, :width]
    assert ((found[:, :width] - values).abs() <= steps / 2 + 1e-3 * values.abs()).all()


def test_steps_are_kept_as_they_are() -> None:
    values = torch.arange(-MOST, MOST + 1).float().repeat(2, 1) * torch.tensor([[0.5], [4.0]])
    assert torch.equal(dequantize(*quantize(values))[:, : values.shape[1]], values)


def test_nothing_and_next_to_nothing_stay_so() -> None:
    for values in (torch.zeros(2, 40), torch.full((2, 40), 1e-12)):
        assert not dequantize(*quantize(values)).any()

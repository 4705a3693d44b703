"""Precision: bf16 by default on a GPU alone, on a CPU where the recipe says so, and with a warning where that is slow."""

import pytest
import structlog
import torch

from model.card import Recipe
from model.precision import half, warn_if_emulated

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("precision", "cpu", "gpu"), [("auto", False, True), ("bf16", True, True), ("fp32", False, False)], ids=str
)
def test_a_recipe_says_where_a_step_is_in_bf16(precision: str, cpu: bool, gpu: bool) -> None:
    recipe = Recipe.model_validate({"precision": precision})
    assert (half(recipe, CPU), half(recipe, GPU)) == (cpu, gpu)


@pytest.mark.parametrize(
    ("precision", "native", "lines"),
    [("bf16", False, 1), ("bf16", True, 0), ("auto", False, 0)],
    ids=["emulated", "native", "not asked for"],
)
def test_a_cpu_that_only_emulates_bf16_is_told_of(
    precision: str, native: bool, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: native)
    with structlog.testing.capture_logs() as logged:
        warn_if_emulated(Recipe.model_validate({"precision": precision}), CPU)
    assert len(logged) == lines

"""What every backend offers: token ids in, pooled token states out."""

from abc import ABC, abstractmethod

import numpy as np
import torch

Array = np.ndarray

CPU_TOKENS = 512
"""Padded tokens of one batch: what a layer makes of them stays in the processor's cache, which 2,048 overflow."""
GPU_TOKENS = 65_536

OUT_OF_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
)
"""How the allocators of torch and ONNX Runtime say it, in lower case."""


class Backend(ABC):
    """An encoder that is ready to run.

    ``width`` is that of its states, ``longest`` the tokens that it takes at most, ``budget`` the padded tokens of a batch.
    """

    name: str
    width: int
    longest: int
    budget: int = CPU_TOKENS

    @abstractmethod
    def states(self, ids: Array, mask: Array, probe: Array) -> tuple[Array, Array]:
        """Sums of the last hidden states (rows, width), and states times ``probe`` (rows, tokens, labels), both fp32.

        ``ids`` and ``mask`` are (rows, tokens) int64, padded on the right; ``probe`` is (labels, width). Only tokens under
        the mask count in the sums. Raises whatever its allocator raises when memory runs out: see ``out_of_memory``.
        """


def pooled(hidden: Array, mask: Array, probe: Array) -> tuple[Array, Array]:
    """What ``states`` gives, from the last hidden states (rows, tokens, width) in main memory."""
    return np.einsum("rtw,rt->rw", hidden, mask.astype(hidden.dtype)), hidden @ probe.T


def out_of_memory(error: Exception) -> bool:
    """Whether ``error`` says that memory ran out, on a GPU or on the CPU, in torch or in ONNX Runtime."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(said in str(error).lower() for said in OUT_OF_MEMORY)

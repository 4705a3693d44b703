"""torch: bf16 on a GPU where there is one, fp32 on the CPU (bf16 is only emulated on many)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import transformers

from model import adapter
from model.backends.abstract import CPU_TOKENS, GPU_TOKENS, Array, Backend
from model.bases import load_bert


class TorchBackend(Backend):
    """A BertModel in evaluation and inference mode."""

    name = "torch"

    def __init__(self, model: "transformers.BertModel", threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device).eval()
        self.width = int(model.config.hidden_size)
        self.longest = int(model.config.max_position_embeddings)
        self.budget = GPU_TOKENS if self.device.type == "cuda" else CPU_TOKENS

    def states(self, ids: Array, mask: Array, probe: Array) -> tuple[Array, Array]:
        """See ``Backend``; pooled on the device, so that only what is needed is copied back."""
        given, seen = (torch.from_numpy(array).to(self.device) for array in (ids, mask))
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            hidden = self.model(input_ids=given, attention_mask=seen).last_hidden_state
        with torch.inference_mode():
            hidden = hidden.float()
            totals = (hidden * seen.unsqueeze(-1)).sum(dim=1)
            shares = hidden @ torch.from_numpy(np.ascontiguousarray(probe)).to(self.device).T
            return totals.cpu().numpy(), shares.cpu().numpy()


def merged(base: Path, deltas: Mapping[str, torch.Tensor]) -> "transformers.BertModel":
    """The encoder in ``base`` with ``deltas`` (parameter name -> change) added to its weights, in fp32 on the CPU."""
    model = load_bert(base)
    adapter.add(model, deltas)
    return model.eval()

"""The encoder at work: pieces in, pooled states out, in batches of near-equal length bounded by padded tokens.

Evaluation and inference mode always, so that a text reads the same alone and in any batch (to 1e-3).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from groundswell.errors import PoisonError
from model.bases import load_bert
from model.tokenizer import Piece

CPU_TOKENS = 2_048
GPU_TOKENS = 65_536
"""Padded tokens of one batch."""


@dataclass(frozen=True)
class State:
    """What the encoder made of one piece.

    ``total`` (width,) is the sum of the token states, ``tokens`` their number; ``shares`` (tokens, labels) is what each
    token adds to ``tokens`` times the logits of the head that was asked about.
    """

    total: np.ndarray
    tokens: int
    shares: np.ndarray


class Encoder:
    """A BERT encoder on the GPU where there is one, else on the CPU in fp32 (bf16 is only emulated on many CPUs)."""

    def __init__(self, folder: Path, deltas: Mapping[str, torch.Tensor], threads: int | None = None) -> None:
        """Load the base in ``folder`` and add ``deltas`` (parameter name -> change) to its weights."""
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = load_bert(folder)
        parameters = dict(model.named_parameters())
        with torch.no_grad():
            for name, delta in deltas.items():
                parameters[name].add_(delta)
        self.model = model.to(self.device).eval()
        self.width = int(model.config.hidden_size)
        self.longest = int(model.config.max_position_embeddings)
        self.budget = GPU_TOKENS if self.device.type == "cuda" else CPU_TOKENS

    def run(self, pieces: Sequence[Piece], probe: torch.Tensor) -> list[State]:
        """One state a piece, in the order given; ``probe`` (labels, width) are the weights of the head to ask about."""
        states: dict[int, State] = {}
        probe = probe.to(self.device)
        with torch.inference_mode():
            for batch in plan([len(piece.ids) for piece in pieces], self.budget):
                states.update(zip(batch, self._try([pieces[i] for i in batch], probe), strict=True))
        return [states[i] for i in range(len(pieces))]

    def _try(self, pieces: Sequence[Piece], probe: torch.Tensor) -> list[State]:
        """Run one batch; out of memory halves it and goes on."""
        try:
            return self._run(pieces, probe)
        except torch.OutOfMemoryError:
            if len(pieces) == 1:
                raise PoisonError(f"text: {len(pieces[0].ids)} tokens alone do not fit into the device's memory") from None
        half = len(pieces) // 2
        return self._try(pieces[:half], probe) + self._try(pieces[half:], probe)

    def _run(self, pieces: Sequence[Piece], probe: torch.Tensor) -> list[State]:
        ids, mask = padded([piece.ids for piece in pieces])
        ids, mask = ids.to(self.device), mask.to(self.device)
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        totals = (hidden * mask.unsqueeze(-1)).sum(dim=1).cpu().numpy()
        shares = (hidden @ probe.T).cpu().numpy()
        return [
            State(total, len(piece.ids), share[: len(piece.ids)])
            for piece, total, share in zip(pieces, totals, shares, strict=True)
        ]


def plan(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches, shortest first, each of at most ``budget`` padded tokens (or of one text)."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[position] > budget:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both (rows, longest row), padded with 0 on the right."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask

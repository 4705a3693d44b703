"""The encoder at work: pieces in, pooled states out, in batches of near-equal length bounded by padded tokens.

A text reads the same alone and in any batch (to 1e-3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from groundswell.errors import PoisonError
from model.backends.abstract import Array, Backend, out_of_memory
from model.tokenizer import Piece


@dataclass(frozen=True)
class State:
    """What the encoder made of one piece.

    ``total`` (width,) is the sum of the token states, ``tokens`` their number; ``shares`` (tokens, labels) is what each
    token adds to ``tokens`` times the logits of the head that was asked about.
    """

    total: Array
    tokens: int
    shares: Array


class Encoder:
    """Runs pieces through a backend."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.width, self.longest = backend.width, backend.longest

    def run(self, pieces: Sequence[Piece], probe: torch.Tensor) -> list[State]:
        """One state a piece, in the order given; ``probe`` (labels, width) are the weights of the head to ask about."""
        states: dict[int, State] = {}
        asked = probe.detach().cpu().numpy()
        for batch in plan([len(piece.ids) for piece in pieces], self.backend.budget):
            states.update(zip(batch, self._try([pieces[i] for i in batch], asked), strict=True))
        return [states[i] for i in range(len(pieces))]

    def _try(self, pieces: Sequence[Piece], probe: Array) -> list[State]:
        """Run one batch; out of memory halves it and goes on."""
        try:
            return self._run(pieces, probe)
        except Exception as error:
            if not out_of_memory(error):
                raise
            if len(pieces) == 1:
                raise PoisonError(f"text: {len(pieces[0].ids)} tokens alone do not fit into the device's memory") from None
        half = len(pieces) // 2
        return self._try(pieces[:half], probe) + self._try(pieces[half:], probe)

    def _run(self, pieces: Sequence[Piece], probe: Array) -> list[State]:
        ids, mask = (tensor.numpy() for tensor in padded([piece.ids for piece in pieces]))
        totals, shares = self.backend.states(ids, mask, probe)
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

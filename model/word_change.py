"""How training changes the word embeddings: by low rank from the first step on, so that what is trained is what ships.

The table is most of a small model. A change of it that is trained whole is of full rank, since each word moves by itself, and
loses much when it is cut; low rank costs little and lets the words of a market leave the places that a general text gave them.
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
import transformers
from torch import nn
from torch.nn.functional import embedding

LAYER = "embeddings.word_embeddings"
"""The name of the table in a base, and of its change in an adapter."""


class WordChange(nn.Module):
    """The change of a table: B (words, rank), which begins at 0, times A (rank, width)."""

    def __init__(self, words: int, width: int, rank: int) -> None:
        super().__init__()
        self.B = nn.Parameter(torch.zeros(words, rank))
        self.A = nn.Parameter(torch.randn(rank, width) / width**0.5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The change (rows, tokens, width) of the embeddings of ``ids`` (rows, tokens)."""
        return embedding(ids, self.B) @ self.A

    def stored(self) -> dict[str, torch.Tensor]:
        """The factors as an adapter has them, in fp16."""
        return {f"{LAYER}.B": self.B.detach().half(), f"{LAYER}.A": self.A.detach().half()}

    def start_from(self, stored: Mapping[str, torch.Tensor]) -> None:
        """Begin at the change that an adapter has ``stored``, of at most this rank; at none where it has none."""
        if rank := rank_of(stored):
            with torch.no_grad():
                self.B[:, :rank] = stored[f"{LAYER}.B"].float()
                self.A[:rank] = stored[f"{LAYER}.A"].float()


def add_to(model: "transformers.BertModel", rank: int) -> None:
    """Put a change of ``rank`` beside the word embeddings of ``model``, as a part of it; none where the rank is 0."""
    if not rank:
        return
    table = model.embeddings.word_embeddings
    change = WordChange(table.num_embeddings, table.embedding_dim, rank)

    def changed(_table: nn.Module, asked: tuple[Any, ...], found: torch.Tensor) -> torch.Tensor:
        return found + cast("torch.Tensor", change(asked[0]))

    table.change = change
    table.register_forward_hook(changed)


def of(model: "transformers.BertModel") -> WordChange | None:
    """The change beside the word embeddings of ``model``, if there is one."""
    found = getattr(model.embeddings.word_embeddings, "change", None)
    return found if isinstance(found, WordChange) else None


def rank_of(stored: Mapping[str, torch.Tensor]) -> int:
    """The rank of the change of the words in an adapter's tensors, 0 where they have none."""
    return stored[f"{LAYER}.A"].shape[0] if f"{LAYER}.A" in stored else 0


def without(stored: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """An adapter's tensors but for the change of the words."""
    return {name: value for name, value in stored.items() if not name.startswith(f"{LAYER}.")}

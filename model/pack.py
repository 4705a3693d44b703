"""A language pack at work: clean texts in, one calibrated prediction a text out, in the order given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from groundswell.errors import FatalError
from model import adapter
from model.backends.choice import Name, open_backend
from model.bases import base_folder
from model.card import STANCES, Card, Conformal, read_card
from model.encoder import Encoder, State
from model.heads import Heads, probabilities, topic_probabilities
from model.stance_sets import kept_stances
from model.tokenizer import Piece, cut, load_tokenizer
from model.words import deciding_words

MOST_PIECES = 8
MOST_TOPICS = 8


@dataclass(frozen=True)
class Prediction:
    """What a pack reads in one text.

    ``stance`` is (negative, neutral, positive), calibrated, and sums to 1. ``topics`` holds the probability of every
    topic that the pack can tell; ``topic_set`` those kept at the card's coverage, most probable first, one to eight.
    ``labels`` are the finer labels as ``group/label``. ``words`` decided the stance. ``truncated`` says that the text
    was too long even for 8 pieces. ``stance_set`` holds the stances kept at the card's coverage, most probable first: the
    likeliest at least, or none at all where the card has no thresholds for them.
    """

    stance: tuple[float, float, float]
    topics: Mapping[str, float]
    topic_set: tuple[str, ...]
    labels: Mapping[str, float]
    words: tuple[str, ...]
    truncated: bool
    stance_set: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One text as the encoder saw it: its pieces, their states, its pooled vector (width,)."""

    pieces: list[Piece]
    states: list[State]
    pooled: np.ndarray
    truncated: bool


class Pack:
    """A base encoder with a language's adapter and heads."""

    def __init__(self, card: Card, encoder: Encoder, heads: Heads, base: Path) -> None:
        self.card = card
        self.name, self.version, self.language = card.name, card.version, card.language
        self._encoder = encoder
        self._heads = heads.eval()
        self._tokenizer = load_tokenizer(base)
        self._length = min(card.max_tokens, encoder.longest)

    @classmethod
    def load(cls, folder: Path, cache: Path, threads: int | None = None, backend: Name = "auto") -> Self:
        """The pack in ``folder``, its adapter merged into the base, computed by ``backend``; its self-test has passed.

        Raises FatalError in one line when a file is missing or damaged, the card wrong, or a canned sentence misread.
        """
        pack = cls.assemble(read_card(folder), folder, cache, threads, backend)
        pack.self_test()
        return pack

    @classmethod
    def assemble(cls, card: Card, folder: Path, cache: Path, threads: int | None = None, backend: Name = "torch") -> Self:
        """As ``load``, with the card given and without the self-test: for a pack that is still being trained."""
        base = base_folder(card.base, cache, card.base_sha256)
        encoder = Encoder(open_backend(backend, base, card, folder, cache, threads))
        heads = Heads(card.groups, encoder.width)
        stored = {name: value.float() for name, value in adapter.read(folder, "heads").items()}
        try:
            heads.load_state_dict(stored)
        except RuntimeError as error:
            raise FatalError(
                f"pack {card.name}: its heads do not fit its card ({' '.join(str(error).split())[:200]}); train it anew"
            ) from None
        return cls(card, encoder, heads, base)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction for each clean text, in the order given; the same alone and in any batch (to 1e-3).

        Raises PoisonError when one text alone does not fit into memory.
        """
        if not texts:
            return []
        readings = self._read(texts)
        found = self._probabilities(readings)
        topics = topic_probabilities(found, self.card.groups)
        return [self._prediction(text, readings[i], i, found, topics) for i, text in enumerate(texts)]

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """What the encoder makes of each text, (texts, width): near one another for texts that it reads alike."""
        return np.stack([reading.pooled for reading in self._read(texts)])

    def logits(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Group name -> raw logits (texts, labels), for calibration and evaluation."""
        pooled = torch.from_numpy(self.vectors(texts))
        with torch.inference_mode():
            return {name: value.numpy() for name, value in self._heads(pooled).items()}

    def self_test(self) -> None:
        """Read the card's canned sentences; FatalError names the first that is read wrong."""
        canned = self.card.self_test
        for item, prediction in zip(canned, self.predict([item.text for item in canned]), strict=True):
            stance = STANCES[int(np.argmax(prediction.stance))]
            missing = [topic for topic in item.topics if topic not in prediction.topic_set]
            if stance != item.stance or missing:
                read = f"{stance}, {', '.join(prediction.topic_set)}"
                expected = ", ".join((item.stance, *item.topics))
                raise FatalError(
                    f"pack {self.name}: self-test failed: {item.text!r} reads as {read}, not as {expected}; "
                    "its files do not belong together: install the pack anew"
                )

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        cuts = cut(self._tokenizer, texts, self._length, MOST_PIECES)
        states = iter(self._encoder.run([piece for pieces, _ in cuts for piece in pieces], self._heads.weight("stance")))
        readings = []
        for pieces, truncated in cuts:
            own = [next(states) for _ in pieces]
            tokens = sum(state.tokens for state in own)
            pooled = np.sum([state.total for state in own], axis=0) / tokens
            readings.append(Reading(pieces, own, pooled, truncated))
        return readings

    def _probabilities(self, readings: Sequence[Reading]) -> dict[str, np.ndarray]:
        pooled = torch.from_numpy(np.stack([reading.pooled for reading in readings]))
        with torch.inference_mode():
            logits = self._heads(pooled)
        return {group.name: probabilities(logits[group.name].double().numpy(), group) for group in self.card.groups}

    def _prediction(
        self, text: str, reading: Reading, row: int, found: Mapping[str, np.ndarray], topics: Mapping[str, np.ndarray]
    ) -> Prediction:
        stance = found["stance"][row]
        shares = {topic: float(values[row]) for topic, values in topics.items()}
        return Prediction(
            stance=(float(stance[0]), float(stance[1]), float(stance[2])),
            topics=shares,
            topic_set=kept_topics(shares, self.card.conformal),
            labels={
                f"{group.name}/{label}": float(value)
                for group in self.card.groups
                for label, value in zip(group.labels, found[group.name][row], strict=True)
                if group.name != "stance"
            },
            words=deciding_words(text, reading.pieces, reading.states, int(np.argmax(stance))),
            truncated=reading.truncated,
            stance_set=kept_stances([float(share) for share in stance], self.card.stance_sets),
        )


def kept_topics(topics: Mapping[str, float], conformal: Conformal) -> tuple[str, ...]:
    """The topics at or over their thresholds, most probable first, at most 8; else the most probable; else ``general``."""
    ranked = sorted(topics, key=lambda topic: -topics[topic])
    kept = [topic for topic in ranked if topics[topic] >= conformal.threshold_of(topic)][:MOST_TOPICS]
    return tuple(kept or ranked[:1] or ["general"])

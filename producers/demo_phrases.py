"""The phrases of the demo, one book a language, and how one becomes a sentence. Randomness comes from the caller."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml

DATA = Path(__file__).parent / "demo_data"
LISTS = ("slots", "products", "leads", "tails")
"""The keys of a phrase file that hold no phrases."""
ENDINGS = tuple("。！？…!?.")
"""A sentence that ends so takes no tail."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A template with slots in braces: in which section of the book it stands, what it is about, how it sounds."""

    lang: str
    section: str
    topic: str
    stance: str
    template: str


@dataclass(frozen=True)
class Book:
    """The phrases of one language, dealt from shuffled decks: none comes twice before all its like came once."""

    phrases: Sequence[Phrase]
    lists: Mapping[str, Any]
    _decks: dict[tuple[str | None, ...], list[Phrase]] = field(default_factory=dict)

    @classmethod
    def read(cls, lang: str) -> Self:
        """Read the book of ``lang``, zh or en, with full decks."""
        tree = yaml.safe_load((DATA / f"{lang}.yaml").read_text(encoding="utf-8"))
        lists = {name: tree.pop(name) for name in LISTS}
        own = {f"own/{entity}": topics for entity, topics in tree.pop("own").items()}
        phrases = [
            Phrase(lang, section, topic, stance, template)
            for section, topics in {**tree, **own}.items()
            for topic, stances in topics.items()
            for stance, templates in stances.items()
            for template in templates
        ]
        return cls(phrases, lists)

    @cached_property
    def sections(self) -> frozenset[str]:
        """The sections that have a phrase."""
        return frozenset(phrase.section for phrase in self.phrases)

    def deal(self, rng: random.Random, section: str, stance: str | None = None, topic: str | None = None) -> Phrase:
        """Take the next phrase of ``section`` with ``stance``, and of ``topic`` where there is one."""
        deck = self._decks.setdefault((section, stance, topic), [])
        if not deck:
            fits = [one for one in self.phrases if one.section == section and stance in (None, one.stance)]
            deck.extend([one for one in fits if one.topic == topic] or fits)
            rng.shuffle(deck)
        return deck.pop()

    def fill(self, rng: random.Random, template: str, entity: str | None, name: str) -> str:
        """``template`` with its slots filled: ``name`` for the company, the rest drawn."""
        words = {slot: rng.choice(values) for slot, values in self.lists["slots"].items()}
        numbers = {
            "pct": f"{rng.uniform(1.2, 9.8):.1f}",
            "big": str(rng.randint(12, 68)),
            "n": str(rng.randint(3, 290)),
            "n2": f"{rng.randint(0, 99):02d}",
            "n4": f"{rng.randint(0, 9999):04d}",
        }
        product = rng.choice(self.lists["products"][entity]) if entity else ""
        return template.format(e=name, p=product, **words, **numbers)

    def tail(self, rng: random.Random, stance: str, sentence: str) -> str:
        """Choose what a person adds to a post: often nothing."""
        return "" if sentence.endswith(ENDINGS) else str(rng.choice(self.lists["tails"][stance]))

    def lead(self, rng: random.Random) -> str:
        """Choose what an agency puts before a sentence: often nothing."""
        return str(rng.choice(self.lists["leads"]))

"""Writes single items of the demo: a phrase is dealt and gets a company, an author, a source, words not used yet."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml

from producers.demo_phrases import DATA, Book, Phrase

LANGUAGES = ("zh", "en")
SOURCES = {"zh": ("forum", "forum", "weibo", "weibo", "blog"), "en": ("forum", "x", "x", "x", "blog")}
REPOST_MARKS = {"zh": ("转：", "转发！", ""), "en": ("RT: ", "FYI: ", "")}
WIRES = ("wire", "crisis_wire")
BARE = ("shout", "odd", "private", "foreign", "crisis_wire")
"""Sections whose phrases stand as they are."""
TRIES = 40


class Part(StrEnum):
    """Which part of the story a text belongs to."""

    EVERYDAY = "everyday"
    CRISIS = "crisis"
    GOOD_NEWS = "good_news"
    SHOUT = "shout"


@dataclass(frozen=True, slots=True)
class Draft:
    """A text before it has an id; ``hour`` counts from the start of the scenario."""

    hour: float
    part: Part
    entity: str | None
    phrase: Phrase
    body: str
    author: str
    source: str


class Writer:
    """Writes drafts; the same random state gives the same drafts."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names = names()
        self._books = {lang: Book.read(lang) for lang in LANGUAGES}
        self._used: set[str] = set()
        self._public = self.authors(rng.sample(range(1000, 7000), 400))

    def authors(self, numbers: list[int]) -> Iterator[str]:
        """Yield handles without end: each of ``numbers`` once, then whichever."""
        yield from (f"u{number}" for number in numbers)
        while True:
            yield f"u{self.rng.choice(numbers)}"

    def weighted(self, weights: Mapping[str, int]) -> str:
        """One of the keys, drawn by its weight."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def deal(self, section: str, stance: str | None = None, topic: str | None = None) -> Phrase:
        """Take a phrase in one of the languages that have the section, each as likely."""
        book = self.rng.choice([book for book in self._books.values() if section in book.sections])
        return book.deal(self.rng, section, stance, topic)

    def write(self, hour: float, part: Part, entity: str | None, phrase: Phrase, authors: Iterator[str] | None = None) -> Draft:
        """Write ``phrase`` out, by the next of ``authors`` or by anybody; agencies write under a desk's number."""
        wire = phrase.section in WIRES or (phrase.section == "market" and self.rng.random() < 0.5)
        author = f"desk{self.rng.randint(1, 9)}" if wire else next(authors or self._public)
        source = "newswire" if wire else self.rng.choice(SOURCES[phrase.lang])
        return Draft(hour, part, entity, phrase, self._new_body(phrase, entity, source), author, source)

    def repost(self, draft: Draft, story: Draft) -> Draft:
        """``draft`` in its author's name, but with the words of ``story``."""
        mark = self.rng.choice(REPOST_MARKS[story.phrase.lang])
        return Draft(draft.hour, draft.part, draft.entity, story.phrase, mark + story.body, draft.author, draft.source)

    def _new_body(self, phrase: Phrase, entity: str | None, source: str) -> str:
        body = ""
        for _ in range(TRIES):
            body = self._body(phrase, entity, source)
            if body not in self._used:
                break
        self._used.add(body)
        return body

    def _body(self, phrase: Phrase, entity: str | None, source: str) -> str:
        book = self._books[phrase.lang]
        body = book.fill(self.rng, phrase.template, entity, self._name(entity, phrase) if entity else "")
        if phrase.section in BARE:
            return body
        return book.lead(self.rng) + body if source == "newswire" else body + book.tail(self.rng, phrase.stance, body)

    def _name(self, entity: str, phrase: Phrase) -> str:
        """Choose an alias as this kind of writer uses it: agencies add the exchange code, posts prefer the short."""
        long, short, code = self.names[entity][phrase.lang]
        if phrase.section in WIRES:
            return self.rng.choice((long, long, f"{long}({code})"))
        return self.rng.choice((long, short, short, code if phrase.lang == "en" else short))


def names() -> dict[str, dict[str, tuple[str, str, str]]]:
    """Entity -> language -> its long name, its short name and its code, from the watchlist."""
    found = {}
    for entity in yaml.safe_load((DATA / "watchlist.yaml").read_text(encoding="utf-8"))["entities"]:
        aliases = entity["aliases"]
        chinese = [alias for alias in aliases if not alias.isascii()]
        ticker = next(alias for alias in aliases if alias.startswith("$"))
        code = next((alias for alias in aliases if "." in alias), ticker)
        english = [alias for alias in aliases if alias.isascii() and alias not in (ticker, code)]
        found[entity["id"]] = {
            "zh": (chinese[0], chinese[-1], code),
            "en": (english[0], english[-1], ticker),
        }
    return found

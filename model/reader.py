"""The reader: texts in, every plausible reading of each out, as ranked hypotheses with calibrated probabilities."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from groundswell.messages import Hypothesis, Stance, Subject, Text
from model.cleaning import HANDLE, LINK, joined
from model.entities import Watchlist
from model.language import route
from model.masking import Span, author_hash, excerpt, mask
from model.mentions import Part, parts
from model.pack import Prediction
from model.story import story_hash

MOST_HYPOTHESES = 8
MOST_ENTITIES = 4


class Predictor(Protocol):
    """What a pack offers to the reader."""

    @property
    def name(self) -> str:
        """The pack's name."""
        ...

    @property
    def version(self) -> str:
        """The pack's version."""
        ...

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction for each cleaned text, in the same order."""
        ...


@dataclass(frozen=True)
class Reading:
    """What was read in one text; no hypotheses when no pack reads its language.

    ``words`` decided the stance, but for masked places, links and handles; ``url`` is the text's own. ``stance_set`` is the
    pack's set of stances for the whole text, most probable first; empty where it tells none.
    """

    text_id: str
    language: str
    hypotheses: tuple[Hypothesis, ...]
    words: tuple[str, ...]
    url: str | None
    stance_set: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A text as the pack in force has read it, for those who measure beside."""

    text_id: str
    cleaned: str
    prediction: Prediction


Observe = Callable[[Sequence[Seen]], None]


@dataclass(frozen=True)
class _Prepared:
    """A text on its way to the pack: cleaned, with its language and the parts about single entities."""

    text: Text
    cleaned: str
    language: str
    parts: tuple[Part, ...]

    def to_predict(self) -> list[str]:
        """Return the whole text first, then the parts."""
        return [self.cleaned, *(part.text for part in self.parts)]


@dataclass(frozen=True)
class _Candidate:
    """A reading before it has a rank; ``part`` is None where it concerns no entity."""

    topic: str
    part: Part | None
    probability: float
    stance: tuple[float, float, float]


class Reader:
    """Reads texts with one pack a language and a watchlist that may change between batches.

    ``observers`` are told, by language, what was read in whole texts; they must return at once and raise nothing.
    """

    def __init__(
        self,
        packs: Mapping[str, Predictor],
        watchlist: Callable[[], Watchlist],
        author_key: bytes,
        observers: Mapping[str, Observe] | None = None,
    ) -> None:
        self._packs = packs
        self._observers = observers or {}
        self._watchlist = watchlist
        self._author_key = author_key

    def read(self, texts: Sequence[Text]) -> list[Reading]:
        """One reading for each of ``texts``, in the same order; each pack is asked once.

        A text's hypotheses are (topic, no entity) for each topic that the pack keeps, with the topic's probability, and
        (topic, entity) for each of the first four entities, with that probability times the entity's weight (see
        ``Part``). At most 8 stay: each entity's best, then topics alone, then what else is probable.
        """
        watchlist = self._watchlist()
        prepared = [_prepare(text, watchlist) for text in texts]
        asked: dict[str, dict[str, None]] = defaultdict(dict)
        for item in prepared:
            if item.language in self._packs:
                asked[item.language].update(dict.fromkeys(item.to_predict()))
        predictions = {
            language: dict(zip(wanted, self._packs[language].predict(list(wanted)), strict=True))
            for language, wanted in asked.items()
        }
        for language in self._observers.keys() & predictions.keys():
            found = predictions[language]
            mine = (item for item in prepared if item.language == language)
            self._observers[language]([Seen(item.text.id, item.cleaned, found[item.cleaned]) for item in mine])
        return [self._reading(item, predictions.get(item.language, {})) for item in prepared]

    def _reading(self, item: _Prepared, predictions: Mapping[str, Prediction]) -> Reading:
        text = item.text
        whole = predictions.get(item.cleaned)
        if whole is None:
            return Reading(text.id, item.language, (), (), text.url)
        kept = _keep(_candidates(item, whole, predictions))
        shown = mask(item.cleaned).replace(LINK, " ").replace(HANDLE, " ").casefold()
        words = tuple(word for word in whole.words if word.casefold() in shown)
        return Reading(text.id, item.language, self._hypotheses(item, whole, kept), words, text.url, whole.stance_set)

    def _hypotheses(self, item: _Prepared, whole: Prediction, kept: Sequence[_Candidate]) -> tuple[Hypothesis, ...]:
        text, pack = item.text, self._packs[item.language]
        author = None if text.author is None else author_hash(text.author, self._author_key)
        story = story_hash(item.cleaned)
        excerpts = {part: excerpt(item.cleaned, _span(part)) for part in {each.part for each in kept}}
        return tuple(
            Hypothesis(
                text_id=text.id,
                subject=Subject(topic=each.topic, entity=each.part.entity if each.part else None),
                stance=_rounded(each.stance),
                probability=round(min(max(each.probability, 0.0), 1.0), 6),
                rank=rank,
                of=len(kept),
                lang=item.language,
                source=text.source,
                author_hash=author,
                story=story,
                published_at=text.published_at,
                ingested_at=text.ingested_at,
                excerpt=excerpts[each.part],
                model=f"{pack.name}@{pack.version}",
                truncated=whole.truncated,
            )
            for rank, each in enumerate(kept, start=1)
        )


def _prepare(text: Text, watchlist: Watchlist) -> _Prepared:
    cleaned = joined(text)
    return _Prepared(text, cleaned, route(cleaned, text.lang), parts(cleaned, watchlist.find(cleaned), MOST_ENTITIES))


def _candidates(item: _Prepared, whole: Prediction, predictions: Mapping[str, Prediction]) -> list[_Candidate]:
    """All readings, those without an entity first, then entity by entity; of each, the most probable topic first."""
    found: list[_Candidate] = []
    for part in (None, *item.parts):
        weight, stance = (part.weight, predictions[part.text].stance) if part else (1.0, whole.stance)
        found += (_Candidate(topic, part, whole.topics.get(topic, 0.0) * weight, stance) for topic in whole.topic_set)
    return found


def _keep(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Choose the 8 readings that stay, most probable first; of equals, a topic alone comes before one of an entity."""
    best = {each.part: each for each in reversed(candidates) if each.part}
    alone = [each for each in candidates if each.part is None]
    others = sorted((each for each in candidates if each.part and each is not best[each.part]), key=_improbability)
    chosen = {*best.values(), *(alone + others)[: MOST_HYPOTHESES - len(best)]}
    return sorted((each for each in candidates if each in chosen), key=_improbability)


def _improbability(candidate: _Candidate) -> float:
    return -candidate.probability


def _span(part: Part | None) -> list[Span]:
    return [Span(part.first.start, part.first.end)] if part else []


def _rounded(stance: tuple[float, float, float]) -> Stance:
    """``stance`` in millionths that sum to one: the largest takes what rounding leaves."""
    millionths = [round(value * 1_000_000) for value in stance]
    millionths[millionths.index(max(millionths))] += 1_000_000 - sum(millionths)
    negative, neutral, positive = (value / 1_000_000 for value in millionths)
    return Stance(negative=negative, neutral=neutral, positive=positive)

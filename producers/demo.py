"""The bundled scenario: about 2,000 invented texts on ten invented companies over three days, in Chinese and English.

A bank has a crisis from hour 60 (rumours, then the newswire, then a flood, then decay), a chip maker good news at
hour 40, and around hour 50 one author shouts the same complaint about a car maker. The rest is everyday noise with a
daily rhythm, some of it late, delivered twice, in odd characters or with things that must be masked. The same start and
seed give the same texts.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path

from groundswell.messages import Kind, Text
from producers.demo_phrases import DATA
from producers.demo_writer import Draft, Part, Writer

CRISIS_ENTITY = "rippleferry-bank"
GOOD_NEWS_ENTITY = "inkglass-semi"
SHOUTED_ENTITY = "oaktrail-motors"
HOURS = 72
CRISIS_HOUR = 60.0
GOOD_NEWS_HOUR = 40.0
SHOUT_HOUR = 49.5
SHOUTER = "u7310"
RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 10, 13, 12, 11, 9, 11, 12, 12, 10, 8, 7, 7, 7, 6, 4, 3)
"""Weights of the hours of a day; the scenario starts at midnight of its own day."""
LATE_SHARE = 0.02
TWICE = 10
STANCES = {"negative": 26, "neutral": 34, "positive": 40}
EARLY_TOPICS = {"liquidity": 80, "price_move": 12, "fraud": 8}
LATER_TOPICS = {
    "liquidity": 34,
    "fraud": 28,
    "litigation_regulation": 20,
    "management_change": 6,
    "analyst_rating": 6,
    "price_move": 6,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A text with what its author meant: the truth that a reading of it can be held against."""

    part: Part
    entity: str | None
    topic: str
    stance: str
    """negative, neutral, positive; unread where the language is one that no pack reads."""
    lang: str
    text: Text


def scenario(start: datetime, seed: int = 1) -> list[Text]:
    """Return the texts in the order of their arrival, from ``start`` (aware) on; a few ids come twice."""
    return [one.text for one in planned(start, seed)]


def watchlist_path() -> Path:
    """Return the YAML file that names the ten companies and their aliases."""
    return DATA / "watchlist.yaml"


def planned(start: datetime, seed: int = 1) -> list[Planned]:
    """Return the texts of ``scenario``, each with its meaning."""
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    drafts = sorted(_story(Writer(rng)), key=lambda draft: draft.hour)
    first = [_delivered(rng, start, number, draft) for number, draft in enumerate(drafts, 1)]
    again = [_redelivered(rng, one) for one in rng.sample(first, TWICE)]
    return sorted([*first, *again], key=lambda one: (one.text.ingested_at, one.text.id))


def _delivered(rng: random.Random, start: datetime, number: int, draft: Draft) -> Planned:
    published = start + timedelta(seconds=round(draft.hour * 3600))
    seconds = rng.randint(300, 5400) if rng.random() < LATE_SHARE else rng.randint(1, 9)
    name = f"demo-{number:04d}"
    text = Text(
        id=name,
        text=draft.body,
        kind=Kind.MARKET if draft.source == "newswire" else Kind.OPINION,
        source=draft.source,
        author=draft.author,
        url=f"https://{draft.source}.example.com/{name}",
        published_at=published,
        ingested_at=published + timedelta(seconds=seconds),
    )
    phrase = draft.phrase
    return Planned(draft.part, draft.entity, phrase.topic, phrase.stance, phrase.lang, text)


def _redelivered(rng: random.Random, one: Planned) -> Planned:
    later = one.text.ingested_at + timedelta(seconds=rng.randint(20, 600))
    text = one.text.model_copy(update={"ingested_at": later})
    return Planned(one.part, one.entity, one.topic, one.stance, one.lang, text)


def _story(writer: Writer) -> Iterator[Draft]:
    """Every draft of the scenario, part by part."""
    for entity in writer.names:
        yield from _everyday(writer, entity)
    yield from _oddities(writer)
    yield from _crisis(writer)
    yield from _good_news(writer)
    for _ in range(50):
        hour = SHOUT_HOUR + writer.rng.uniform(0, 2)
        yield replace(writer.write(hour, Part.SHOUT, SHOUTED_ENTITY, writer.deal("shout")), author=SHOUTER, source="forum")


def _everyday(writer: Writer, entity: str) -> Iterator[Draft]:
    for hour in _hours(writer.rng, writer.rng.randint(116, 132)):
        section = writer.weighted({"posts": 45, "wire": 35, f"own/{entity}": 20})
        # Once the crisis is on, nobody writes the everyday things of its company.
        if entity != CRISIS_ENTITY or hour < CRISIS_HOUR:
            phrase = writer.deal(section, writer.weighted(STANCES))
            yield writer.write(hour, Part.EVERYDAY, entity, phrase)
    for hour in _hours(writer.rng, 36):
        phrase = writer.deal(writer.weighted({"market": 70, "street": 30}), writer.weighted(STANCES))
        yield writer.write(hour, Part.EVERYDAY, None, phrase)


def _oddities(writer: Writer) -> Iterator[Draft]:
    calm = [entity for entity in writer.names if entity not in (CRISIS_ENTITY, SHOUTED_ENTITY)]
    for section, count in (("odd", 24), ("private", 10), ("foreign", 6)):
        for hour in _hours(writer.rng, count):
            yield writer.write(hour, Part.EVERYDAY, writer.rng.choice(calm), writer.deal(section))


def _hours(rng: random.Random, count: int) -> Iterator[float]:
    """Draw times by the rhythm of the day, one from each of ``count`` stretches of equal weight: noise without clumps."""
    weights = RHYTHM * (HOURS // 24)
    ends = list(accumulate(weights))
    for number in range(count):
        at = (number + rng.random()) / count * ends[-1]
        hour = bisect_right(ends, at)
        yield hour + 1 - (ends[hour] - at) / weights[hour]


def _crisis(writer: Writer) -> Iterator[Draft]:
    """Rumours for half an hour, six items of news, the flood, and a decay over the hours after it."""
    rng = writer.rng
    authors = writer.authors(rng.sample(range(1000, 7000), 120))

    def draft(hours: float, section: str, stance: str, topic: str) -> Draft:
        phrase = writer.deal(section, stance, topic)
        return writer.write(CRISIS_HOUR + hours, Part.CRISIS, CRISIS_ENTITY, phrase, authors)

    for number in range(10):
        yield draft(0.06 * number + rng.uniform(0, 0.05), "crisis_rumour", "negative", "liquidity")
    for number in range(6):
        stance = "neutral" if number in (1, 4) else "negative"
        yield draft(0.6 + 0.02 * number, "crisis_wire", stance, "liquidity")
    stories: dict[str, Draft] = {}
    hours = sorted(rng.triangular(0, 2, 0.6) for _ in range(180))
    for hour, stance in zip(hours, _shuffled(rng, negative=157, neutral=14, positive=9), strict=True):
        section = "crisis_wire" if stance != "positive" and rng.random() < 0.12 else "crisis"
        new = draft(0.75 + hour, section, stance, writer.weighted(EARLY_TOPICS if hour < 0.6 else LATER_TOPICS))
        story = stories.get(new.phrase.lang)
        if section == "crisis_wire" and stance == "negative":
            stories.setdefault(new.phrase.lang, new)
        elif story and stance == "negative" and rng.random() < 0.1:
            new = writer.repost(new, story)
        yield new
    for stance in _shuffled(rng, negative=28, neutral=7, positive=3):
        yield draft(2.8 + min(8.5, rng.expovariate(0.6)), "crisis", stance, writer.weighted(LATER_TOPICS))


def _good_news(writer: Writer) -> Iterator[Draft]:
    authors = writer.authors(writer.rng.sample(range(1000, 7000), 52))
    for stance in _shuffled(writer.rng, negative=2, neutral=3, positive=55):
        hour = GOOD_NEWS_HOUR + writer.rng.triangular(0, 2.5, 0.5)
        yield writer.write(hour, Part.GOOD_NEWS, GOOD_NEWS_ENTITY, writer.deal("good_news", stance), authors)


def _shuffled(rng: random.Random, **counts: int) -> list[str]:
    stances = [stance for stance, count in counts.items() for _ in range(count)]
    rng.shuffle(stances)
    return stances

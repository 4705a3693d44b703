"""Stationary noise: what a watchlist gets in weeks in which nothing happens, as the converger takes it in.

Every entity has its own rate (log-normal), its own shares of the stances and its own topics, which never change; hours have
moods (gamma of shape 8), days and weeks the rhythm of a real week. Probabilities of the stances are calibrated by construction:
they are drawn around the entity's shares so that the likeliest stance is right three times in four, and unsure ones count as
neutral.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from kafka.partitioner.default import murmur2

from consumers.converger.events import UNITS, Event
from model.abstention import SURE

SPREAD = 0.9
"""Standard deviation of the logarithm of the entities' rates."""
MOOD_SHAPE = 8.0
CERTAINTY = 1.2
"""Sum of the parameters of the Dirichlet distribution of a text's probabilities: their greatest is 0.75 on average."""
SECOND_TOPIC, COPIES = 0.3, 0.04
"""The share of texts that have a second topic, and of those that copy the last text on their entity."""
AUTHORS = 20_000
SOURCES = ("forum", "newswire", "weibo", "blog", "x")
NIGHT, WEEKDAY, WEEKEND = 0.35, 1.12, 0.55

Placed = tuple[int, Event]
"""A partition and what comes in it."""


def level(hour: int) -> float:
    """The factor of an hour since the epoch: nights are quiet, noon is loud, weekends are half a weekday."""
    noon = np.exp(-(((hour % 24 - 13.5) / 5.0) ** 2))
    weekday = (hour // 24 + 3) % 7
    return float((NIGHT + 1.05 * noon) * (WEEKDAY if weekday < 5 else WEEKEND))


def partition_of(key: str, partitions: int) -> int:
    """The partition that Kafka's producer gives records of ``key``."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


@dataclass
class _Text:
    """What of a text is the same in all of its readings."""

    number: int
    minute: int
    negative: int
    positive: int
    author: str
    story: str
    source: str

    def event(self, *subjects: str) -> Event:
        return Event(
            f"n{self.number}",
            subjects,
            self.minute,
            self.negative,
            self.positive,
            self.author,
            self.story,
            self.source,
            self.story,
        )


class Noise:
    """The noise of ``entities``, typically ``rate`` texts an hour each, in ``partitions``; drawn with ``seed``."""

    def __init__(self, entities: Sequence[str], topics: Sequence[str], rate: float, partitions: int, seed: int) -> None:
        self._draw = draw = np.random.default_rng(seed)
        self._entities, self._topics = entities, topics
        many = len(entities)
        self._rates = rate * np.exp(draw.normal(0, SPREAD, many))
        negative, neutral = draw.uniform(0.12, 0.32, many), draw.uniform(0.3, 0.5, many)
        self._shares = np.stack([negative, neutral, 1 - negative - neutral], axis=1)
        self._about = draw.dirichlet(3 / np.arange(3, 3 + len(topics)), many).cumsum(axis=1)
        self._places = {name: partition_of(name, partitions) for name in entities}
        self._places |= {name: partition_of(f"topic:{name}", partitions) for name in topics}
        self._stories = [f"s{number}" for number in range(many)]
        self.texts = 0
        """How many were drawn."""

    def hour(self, hour: int) -> Iterator[Placed]:
        """What comes in an hour since the epoch, in order of time; hours must be asked for one after another."""
        draw, many = self._draw, len(self._entities)
        moods = draw.gamma(MOOD_SHAPE, 1 / MOOD_SHAPE, many)
        which = np.repeat(np.arange(many), draw.poisson(self._rates * level(hour) * moods))
        draw.shuffle(which)
        masses = draw.standard_gamma(CERTAINTY * self._shares[which]) + 1e-12
        masses /= masses.sum(axis=1, keepdims=True)
        masses[masses.max(axis=1) < SURE] = (0.0, 1.0, 0.0)
        minutes = np.sort(draw.integers(0, 60, len(which)))
        authors, sources = draw.integers(0, AUTHORS, len(which)), draw.integers(0, len(SOURCES), len(which))
        for place, entity in enumerate(which):
            self.texts += 1
            if draw.random() >= COPIES:
                self._stories[entity] = f"s{self.texts}"
            negative, _, positive = (int(mass) for mass in np.floor(masses[place] * UNITS))
            yield from self._readings(
                int(entity),
                _Text(
                    self.texts, hour * 60 + int(minutes[place]), negative, positive, f"a{authors[place]}",
                    self._stories[entity], SOURCES[sources[place]],
                ),
            )  # fmt: skip

    def _readings(self, entity: int, text: _Text) -> Iterator[Placed]:
        """The readings of a text: of its entity with each topic, and of each topic alone."""
        name, about = self._entities[entity], self._about[entity]
        told = list(dict.fromkeys(self._topic(about) for _ in range(1 + (self._draw.random() < SECOND_TOPIC))))
        for place, topic in enumerate(told):
            whole = () if place else (f"*/{name}",)
            yield self._places[name], text.event(f"{topic}/{name}", *whole)
            yield self._places[topic], text.event(f"{topic}/*")

    def _topic(self, about: np.ndarray) -> str:
        return self._topics[min(int(np.searchsorted(about, self._draw.random())), len(self._topics) - 1)]

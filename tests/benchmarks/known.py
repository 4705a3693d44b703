"""Subjects that have been active for weeks, put into a real store by the scripts that the converger uses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from rich.progress import Progress

from consumers.converger.events import UNITS
from consumers.converger.memory import Memory
from consumers.converger.partition import Closed
from consumers.converger.state import Held, State
from consumers.converger.trend import Trend
from groundswell.settings import ConvergerSettings
from tests.benchmarks.noise import MOOD_SHAPE, SPREAD, level

HOUR = 493_680
"""The hour since the epoch up to which the pasts reach; a Monday begins."""
PASTS = 200
"""Different pasts; subjects share them, since it is the store that is measured."""
TOPICS = ("liquidity", "earnings", "consumer_complaint")
BATCH = 500
"""Subjects of one call of the script."""
DEADLINE = 2880
"""Minutes until a subject should have spoken again: beyond what is measured."""


@dataclass
class Known(Trend):
    """A trend that is not changed any more, encoded once."""

    stored: bytes = b""

    def encode(self) -> bytes:
        """The trend for the store."""
        return self.stored


def trend(draw: np.random.Generator, rate: float, settings: ConvergerSettings) -> Trend:
    """The trend of a subject of typically ``rate`` texts an hour (log-normal) over all hours that are kept."""
    mean, share = rate * np.exp(draw.normal(0, SPREAD)), draw.uniform(0.12, 0.32)
    one = Trend()
    for hour in range(HOUR - settings.history_days * 24, HOUR):
        texts = int(draw.poisson(mean * level(hour) * draw.gamma(MOOD_SHAPE, 1 / MOOD_SHAPE)))
        if texts:
            negative = float(draw.beta(1 + texts * share, 1 + texts * (1 - share))) * UNITS * texts
            one.hours[hour] = [texts, round(UNITS * texts * 0.97), round(negative), round((UNITS * texts - negative) / 2)]
            one.texts += texts
    one.first = min(one.hours, default=HOUR)
    one.fold(HOUR - settings.history_days * 24, HOUR - settings.late_hours - 2)
    return one


def pasts(rate: float) -> list[Known]:
    """`PASTS` trends of different subjects."""
    draw, settings = np.random.default_rng(1), ConvergerSettings()
    found = [trend(draw, rate, settings) for _ in range(PASTS)]
    return [Known(one.texts, one.first, one.hours, one.exact_from, one.latest, one.encode()) for one in found]


def names(count: int) -> Iterator[str]:
    """The names of ``count`` subjects: entities, each with its topics."""
    for number in range(count):
        entity, place = divmod(number, len(TOPICS) + 1)
        yield f"{TOPICS[place - 1]}/e{entity:06d}" if place else f"*/e{entity:06d}"


def fill(state: State, held: Held, count: int, known: Sequence[Known], progress: Progress) -> None:
    """Store ``count`` subjects in the partition that is ``held``, as closings would that were their last texts."""
    partition, waiting, done = held.partition, names(count), 0
    task = progress.add_task(f"{count:,} subjects", total=count)
    while some := list(islice(waiting, BATCH)):
        was, minute = partition.closed, HOUR * 60 - 1
        partition.closed = HOUR * 60
        partition.subjects = {name: Memory(known[(done + place) % len(known)]) for place, name in enumerate(some)}
        due = {name: HOUR * 60 + DEADLINE for name in some if name.startswith("*/")}
        state.save(held, was, Closed(dict.fromkeys(some, minute), deadlines=dict(due)))
        done += len(some)
        progress.update(task, completed=done)
    partition.subjects = {}

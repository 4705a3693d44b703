"""Texts that were read, placed as Kafka and the stages would place them: in partitions, in event time, each pair once."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from consumers.backtest.record import TextRead
from consumers.converger.events import Event, event_of, too_late
from consumers.keys import entities_of, key_of
from groundswell.event_time import EventTime, taken_at
from groundswell.kafka import partition_of
from groundswell.punctuation import Punctuation, final_watermark, punctuate
from groundswell.settings import Settings
from model.card import Prior
from model.evidence import priors

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass
class Stream:
    """The events of each partition by the minute in which they are closed, and what was met on the way."""

    partitions: Sequence[dict[int, list[Event]]]
    texts: int = 0
    unread: int = 0
    """Texts without a reading: no pack for their language."""
    late: int = 0
    """Hypotheses whose bucket was gone."""
    first: datetime = NEVER
    last: datetime = EVER
    target: int = 0
    """The minute before which all is closed in the end."""
    entities: set[str] = field(default_factory=set)

    @property
    def minutes(self) -> int:
        """The minutes that are closed, over all partitions with events."""
        return sum(self.target - min(events) for events in self.partitions if events)

    @property
    def days(self) -> float:
        """From the first to the last text, days."""
        return max(0.0, (self.last - self.first).total_seconds() / 86400)


def place(texts: Iterable[TextRead], settings: Settings) -> Stream:
    """The stream of ``texts``, in order of arrival: what the diverger sends and the converger takes in of each."""
    many = settings.kafka.partitions
    stream = Stream([defaultdict(list) for _ in range(many)])
    times = [EventTime()] * many
    seen: set[tuple[str, str]] = set()
    learnt = priors(settings.reading)
    for item in punctuate(texts, settings.event_time):
        if isinstance(item, Punctuation):
            times = [time.advance(item.time.timestamp()) for time in times]
            continue
        number = partition_of(item.id.encode(), many)
        times[number], observed = times[number].take(item, settings.event_time)
        _note(item, stream)
        _add(item, observed, settings, stream, seen, learnt)
    if stream.texts:
        final = final_watermark(stream.last, settings.converger).timestamp()
        stream.target = int(min(time.advance(final).watermark or final for time in times) // 60)
    return stream


def _note(text: TextRead, stream: Stream) -> None:
    stream.texts += 1
    stream.unread += not text.hypotheses
    stream.first = min(stream.first, text.published_at)
    stream.last = max(stream.last, text.published_at)


def _add(
    text: TextRead,
    observed: float,
    settings: Settings,
    stream: Stream,
    seen: set[tuple[str, str]],
    learnt: Mapping[str, Prior],
) -> None:
    """Put the events of ``text`` into their minutes, without the subjects that its id counted for before."""
    taken = taken_at(text.published_at, text.ingested_at, settings.event_time)
    if too_late(taken, observed, settings.converger.late_hours):
        stream.late += len(text.hypotheses)
        return
    entities = entities_of(text.hypotheses)
    for hypothesis in text.hypotheses:
        event = event_of(hypothesis, int(taken // 60), text.url, text.words, learnt.get(hypothesis.lang), entities)
        fresh = tuple(sys.intern(name) for name in event.subjects if (text.id, name) not in seen)
        if not fresh:
            continue
        seen.update((text.id, name) for name in fresh)
        number = partition_of(key_of(hypothesis).encode(), len(stream.partitions))
        stream.partitions[number][int(observed // 60)].append(replace(event, subjects=fresh))
        if hypothesis.subject.entity:
            stream.entities.add(hypothesis.subject.entity)

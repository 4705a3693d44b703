"""Pure generators between reading and sending: punctuation for replays, pauses that keep its pace."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from groundswell.clock import Clock
from groundswell.event_time import EventTime, lateness_of, taken_at
from groundswell.messages import Text
from groundswell.settings import EventTimeSettings

EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Punctuation:
    """No text older than ``time`` is on time any more: to be told to every partition of the texts topic."""

    time: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds before the next text."""

    seconds: float


Item = Text | Punctuation | Pause


def punctuate(
    texts: Iterable[Text], settings: EventTimeSettings, *, every: timedelta = EVERY, final: datetime | None = None
) -> Iterator[Text | Punctuation]:
    """``texts`` with a Punctuation whenever their watermark has moved on by ``every``, at the end, and at ``final``.

    The watermark is that of event_time.py over the whole file: one text dated far ahead does not move it.
    """
    state, told = EventTime(), None
    for text in texts:
        yield text
        taken = taken_at(text.published_at, text.ingested_at, settings)
        state = state.observe(taken, lateness_of(text.source, settings), settings.max_jump)
        if state.watermark is None:
            continue
        if told is None:
            told = state.watermark
        elif state.watermark - told >= every.total_seconds():
            told = state.watermark
            yield Punctuation(datetime.fromtimestamp(told, UTC))
    if state.watermark is not None:
        yield Punctuation(datetime.fromtimestamp(state.watermark, UTC))
    if final is not None:
        yield Punctuation(final)


def paced(items: Iterable[Text | Punctuation], speed: float, settings: EventTimeSettings, clock: Clock) -> Iterator[Item]:
    """``items`` with the pauses that replay their published times ``speed`` times as fast as they passed.

    A text that is older than one before it, or dated far ahead of all others, makes no pause.
    """
    state, first, started = EventTime(), None, clock.monotonic()
    for item in items:
        if isinstance(item, Text):
            state = state.observe(item.published_at.timestamp(), 0.0, settings.max_jump)
            reached = state.watermark or 0.0
            if first is None:
                first, started = reached, clock.monotonic()
            wait = started + (reached - first) / speed - clock.monotonic()
            if wait > 0:
                yield Pause(wait)
        yield item

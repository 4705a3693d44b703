"""Punctuation of a stream that is played again: when to tell all partitions how far event time has come, and how it ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from groundswell.event_time import Dated, EventTime
from groundswell.settings import ConvergerSettings, EventTimeSettings

EVERY = timedelta(minutes=10)
LONGEST_WINDOW = timedelta(hours=6)
REST = timedelta(minutes=60)
"""What an alert may need to resolve beyond what the settings say."""
Item = TypeVar("Item", bound=Dated)


@dataclass(frozen=True, slots=True)
class Punctuation:
    """No text older than ``time`` is on time any more: to be told to every partition of the texts topic."""

    time: datetime


def punctuate(
    texts: Iterable[Item], settings: EventTimeSettings, *, every: timedelta = EVERY, final: datetime | None = None
) -> Iterator[Item | Punctuation]:
    """``texts`` with a Punctuation whenever their watermark has moved on by ``every``, at the end, and at ``final``.

    The watermark is that of event_time.py over the whole file: one text dated far ahead does not move it.
    """
    state, told = EventTime(), None
    for text in texts:
        yield text
        state, _ = state.take(text, settings)
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


def final_watermark(last: datetime, settings: ConvergerSettings) -> datetime:
    """The watermark after which, with the last text at ``last``, all windows are closed and alerts had the time to resolve."""
    calm = max(settings.resolve_minutes, settings.flap_resolve_minutes, settings.firing_minutes)
    return last + LONGEST_WINDOW + timedelta(minutes=calm + settings.no_data_limit_minutes) + REST

"""A pure generator between reading and sending: pauses that keep the pace of a replay."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from groundswell.clock import Clock
from groundswell.event_time import EventTime
from groundswell.messages import Text
from groundswell.punctuation import Punctuation
from groundswell.settings import EventTimeSettings


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds before the next text."""

    seconds: float


Item = Text | Punctuation | Pause


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

"""`groundswell produce feeds`: RSS and Atom, polled politely, each entry once, none held up by another's failure.

An entry is remembered as sent once Kafka acknowledged it. It is known again by its id (or link) and by its content: an
edited entry is the same entry. Its text id follows from its identity, so that even a lost memory makes nobody count it
twice.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx

from groundswell import log
from groundswell.clock import Clock
from groundswell.errors import RetryableError
from groundswell.kafka import Publisher, Topics
from groundswell.metrics import PRODUCED, REFUSED
from groundswell.retry_after import seconds_asked
from producers.courier import Courier
from producers.entries import Entry, NotAFeedError, read_entries
from producers.feedlist import Feed
from producers.fetch import Answer, FetchError, Validators, client, fetch
from producers.seen import Memory
from producers.send import text_output

LONGEST_BACKOFF = 3600.0
LONGEST_RETRY_AFTER = 86_400.0
DRAIN = 3.0
"""Seconds that polls under way are given when it stops."""

_log = log.get(__name__)
_random = SystemRandom()


class Status(StrEnum):
    """How a poll ended."""

    OK = "ok"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of a poll: new texts sent, entries known from before, entries that are no texts; why it failed."""

    status: Status
    new: int = 0
    known: int = 0
    refused: int = 0
    reason: str | None = None
    retry_after: float | None = None


OnPoll = Callable[[Feed, Polled], None]


class Poller:
    """Polls one feed and remembers what it sent."""

    def __init__(
        self, feed: Feed, http: httpx.AsyncClient, courier: Courier, topics: Topics, *, folder: Path, clock: Clock
    ) -> None:
        self.feed = feed
        self._http = http
        self._courier = courier
        self._topics = topics
        self._clock = clock
        self._url = feed.url
        self._memory = Memory.load(folder, feed.url)
        self._told: str | None = None

    async def poll(self) -> Polled:
        """Fetch the feed if it has changed and send what is new. Raises only what no later poll can mend."""
        try:
            answer = await fetch(self._http, self._url, self._memory.validators)
            return await self._take(answer)
        except (FetchError, NotAFeedError, RetryableError) as error:
            return Polled(Status.FAILED, reason=str(error))

    async def _take(self, answer: Answer) -> Polled:
        if answer.moved and answer.moved != self._url:
            self._url = answer.moved
            _log.warning("feed moved for good: change its url in the list", source=self.feed.source)
        match answer.status:
            case httpx.codes.OK:
                return await self._read(answer)
            case httpx.codes.NOT_MODIFIED:
                return Polled(Status.UNCHANGED)
            case httpx.codes.GONE:
                return Polled(Status.GONE, reason="the server says that it is gone (410)")
            case status:
                asked = seconds_asked(answer.retry_after, self._clock)
                wait = None if asked is None else min(max(asked, 1.0), LONGEST_RETRY_AFTER)
                return Polled(Status.FAILED, reason=f"HTTP status {status}", retry_after=wait)

    async def _read(self, answer: Answer) -> Polled:
        entries = await asyncio.to_thread(read_entries, answer.body, answer.content_type, self.feed, self._clock)
        new: list[Entry] = []
        refused, known = 0, 0
        taken: set[str] = set()
        for entry in entries:
            if any(key in self._memory.keys or key in taken for key in entry.keys):
                known += 1
            elif entry.text is None:
                refused += 1
                self._tell(entry.refused)
                continue
            else:
                new.append(entry)
            taken.update(entry.keys)
        outputs = [text_output(self._topics, entry.text) for entry in new if entry.text]
        if outputs:
            await asyncio.wrap_future(self._courier.submit(outputs))
        for entry in reversed(entries):
            if entry.keys[0] in taken:
                for key in entry.keys:
                    self._memory.keys.add(key)
        # With an entry refused, the same document is wanted again: the list of feeds may be mended meanwhile.
        self._memory.validators = Validators() if refused else answer.validators
        await asyncio.to_thread(self._memory.save)
        PRODUCED.labels("feeds").inc(len(new))
        REFUSED.labels("feeds", "invalid").inc(refused)
        return Polled(Status.OK, len(new), known, refused)

    def _tell(self, refused: str | None) -> None:
        if refused != self._told:
            _log.warning("feed entries refused", source=self.feed.source, reason=refused)
        self._told = refused


def pause(feed: Feed, polled: Polled, failures: int) -> float:
    """Seconds until the next poll, spread at random so that feeds do not beat in time.

    After ``failures`` in a row the pause doubles each time, up to an hour, or is as long as the server asks.
    """
    if polled.status is not Status.FAILED:
        return feed.interval * _random.uniform(0.9, 1.1)
    longest = max(LONGEST_BACKOFF, feed.interval)
    backoff = min(longest, feed.interval * 2.0 ** min(failures - 1, 20)) * _random.uniform(0.5, 1.0)
    return max(backoff, polled.retry_after or 0.0)


async def follow(
    feeds: Sequence[Feed],
    folder: Path,
    courier: Courier,
    topics: Topics,
    *,
    clock: Clock,
    stop: asyncio.Event,
    on_poll: OnPoll = lambda _feed, _polled: None,
) -> None:
    """Poll all ``feeds`` until ``stop`` is set or every one is gone; memory is kept under ``folder``."""
    async with client() as http:
        tasks = [
            asyncio.create_task(_follow(Poller(feed, http, courier, topics, folder=folder, clock=clock), stop, on_poll))
            for feed in feeds
        ]
        stopped = asyncio.create_task(stop.wait())
        try:
            waiting: asyncio.Future[Any] = asyncio.gather(*tasks)
            both: list[asyncio.Future[Any]] = [waiting, stopped]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                await asyncio.wait([waiting], timeout=DRAIN)
            if waiting.done():
                waiting.result()
        finally:
            for task in (*tasks, stopped):
                task.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)


async def _follow(poller: Poller, stop: asyncio.Event, on_poll: OnPoll) -> None:
    failures = 0
    while not stop.is_set():
        polled = await poller.poll()
        failures = failures + 1 if polled.status is Status.FAILED else 0
        if polled.status in {Status.FAILED, Status.GONE}:
            _log.warning("feed " + polled.status, source=poller.feed.source, reason=polled.reason, failures=failures)
        elif polled.new:
            _log.info("feed", source=poller.feed.source, new=polled.new, known=polled.known, refused=polled.refused)
        on_poll(poller.feed, polled)
        if polled.status is Status.GONE:
            return
        wait = pause(poller.feed, polled, failures)
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            continue


def run_feeds(
    feeds: Sequence[Feed],
    folder: Path,
    publisher: Publisher,
    topics: Topics,
    *,
    clock: Clock,
    on_poll: OnPoll = lambda _feed, _polled: None,
) -> None:
    """Poll all ``feeds`` until SIGTERM or Ctrl-C, then end within five seconds.

    What was not acknowledged by then is sent by the next run.
    """

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await follow(feeds, folder, courier, topics, clock=clock, stop=stop, on_poll=on_poll)

    courier = Courier(publisher)
    try:
        asyncio.run(run())
    finally:
        courier.close(patience=1.0)

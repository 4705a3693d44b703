"""Texts into Kafka: many in flight, none taken for sent before Kafka acknowledged it, none lost while Kafka is away.

A window of texts is kept until it is acknowledged and sent again as a whole when it is not: the ids make that harmless.
A punctuation goes out only after everything before it is acknowledged, so that no repeat can make a text late.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from groundswell.clock import Clock
from groundswell.errors import FatalError, RetryableError
from groundswell.kafka import Output, Publisher, Topics
from groundswell.messages import Text, Watermark
from groundswell.punctuation import Punctuation
from producers.pace import Item, Pause
from producers.recent import Recent

WINDOW = 2_000
"""Texts sent and not yet acknowledged, at most."""
CHECK_AFTER = 1.0
"""Seconds after which a window that is not full is waited for as well."""
PATIENCE = timedelta(minutes=10)
"""How long Kafka may be away before sending gives up."""
LONGEST_BACKOFF = 10.0
REMEMBERED = 1_000_000
"""Ids kept to count what is sent twice."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What Kafka acknowledged.

    ``duplicates``: texts whose id was among the last million before. ``repeated``: records sent again after a failure.
    ``interrupted``: stopped from outside (Ctrl-C); what had been taken by then is sent and acknowledged.
    """

    texts: int = 0
    duplicates: int = 0
    repeated: int = 0
    punctuations: int = 0
    interrupted: bool = False


def text_output(topics: Topics, text: Text) -> Output:
    """The record of ``text``, under its id."""
    return Output.of(topics.texts, text.id, text)


def watermark_outputs(topics: Topics, partitions: int, time: datetime) -> list[Output]:
    """One control record for every partition of the texts topic."""
    marks = (Watermark(partition=number, of=partitions, time=time) for number in range(partitions))
    return [Output.of(topics.texts, "watermark", mark, partition=mark.partition) for mark in marks]


def send_texts(
    items: Iterable[Item],
    publisher: Publisher,
    topics: Topics,
    clock: Clock,
    *,
    window: int = WINDOW,
    patience: timedelta = PATIENCE,
    say: Callable[[str], None] = lambda _line: None,
    acknowledged: Callable[[int], None] = lambda _texts: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send ``items`` and return when all are acknowledged; Ctrl-C ends the reading, not the sending of what was read.

    ``say`` gets one line when Kafka goes away and one when it is back; ``acknowledged`` the texts so far. Raises
    FatalError once Kafka has been away for longer than ``patience``.
    """
    sender = _Sender(
        publisher,
        topics,
        clock,
        window=window,
        patience=patience.total_seconds(),
        say=say,
        acknowledged=acknowledged,
        sleep=sleep,
    )
    interrupted = False
    try:
        for item in items:
            sender.take(item)
    except KeyboardInterrupt:
        interrupted = True
    sender.flush()
    return replace(sender.sent, interrupted=interrupted)


@dataclass(slots=True)
class _Sender:
    publisher: Publisher
    topics: Topics
    clock: Clock
    window: int
    patience: float
    say: Callable[[str], None]
    acknowledged: Callable[[int], None]
    sleep: Callable[[float], None]
    sent: Sent = field(default_factory=Sent)
    ids: Recent = field(default_factory=lambda: Recent(REMEMBERED))
    outputs: list[Output] = field(default_factory=list)
    futures: list[Any] = field(default_factory=list)
    waiting: int = 0
    opened: float = 0.0

    def take(self, item: Item) -> None:
        match item:
            case Text():
                if not self.ids.add(item.id):
                    self.sent = replace(self.sent, duplicates=self.sent.duplicates + 1)
                self.waiting += 1
                self._hand_over(text_output(self.topics, item))
                if len(self.outputs) >= self.window or self.clock.monotonic() - self.opened > CHECK_AFTER:
                    self.flush()
            case Punctuation():
                self._punctuate(item.time)
            case Pause():
                if item.seconds > CHECK_AFTER:
                    self.flush()
                self.sleep(item.seconds)

    def _punctuate(self, time: datetime) -> None:
        self.flush()
        counted: list[int] = []
        self._until_done(lambda: counted.append(self.publisher.partitions(self.topics.texts)))
        for output in watermark_outputs(self.topics, counted[0], time):
            self._hand_over(output)
        self.sent = replace(self.sent, punctuations=self.sent.punctuations + 1)

    def _hand_over(self, output: Output) -> None:
        """Give ``output`` to the client at once; a failure shows, and is mended, when the window is waited for."""
        if not self.outputs:
            self.opened = self.clock.monotonic()
        self.outputs.append(output)
        if len(self.futures) == len(self.outputs) - 1:
            try:
                self.futures.append(self.publisher.send(output))
            except RetryableError:
                self.flush()

    def flush(self) -> None:
        """Wait until the window is acknowledged."""
        if not self.outputs:
            return
        self._until_done(self._settle)
        self.outputs.clear()
        self.futures.clear()
        self.sent = replace(self.sent, texts=self.sent.texts + self.waiting)
        self.waiting = 0
        self.acknowledged(self.sent.texts)

    def _settle(self) -> None:
        futures, self.futures = self.futures, []
        if len(futures) == len(self.outputs):
            self.publisher.wait(futures)
        else:
            self.sent = replace(self.sent, repeated=self.sent.repeated + len(self.outputs))
            self.publisher.publish(self.outputs)

    def _until_done(self, action: Callable[[], None]) -> None:
        started, delay, told = self.clock.monotonic(), 0.5, False
        while True:
            try:
                action()
            except RetryableError as error:
                if self.clock.monotonic() - started > self.patience:
                    raise FatalError(
                        f"{error}: gave up after {self.patience:g} s with {self.sent.texts:,} texts acknowledged; "
                        "send everything again, the same text counts once"
                    ) from None
                if not told:
                    self.say(f"{error}; waiting for up to {self.patience:g} s, nothing is lost")
                told = True
                self.sleep(delay)
                delay = min(delay * 2, LONGEST_BACKOFF)
            else:
                if told:
                    self.say(f"Kafka is back; {self.sent.texts:,} texts acknowledged before, going on")
                return

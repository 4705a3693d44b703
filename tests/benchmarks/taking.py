"""Texts taken in one by one by a real converger beside subjects that a store knows, and the time that each takes."""

import random
import time
from datetime import UTC, datetime
from typing import Any

from consumers.converger.events import parse_subject
from consumers.converger.stage import Converger
from groundswell.clock import ManualClock
from groundswell.kafka import Output, Record
from groundswell.messages import Hypothesis, Message, Stance, Watermark
from groundswell.settings import Settings
from tests.benchmarks import known

BEGIN = known.HOUR * 60


def hypothesis(number: int, minute: int, subject: str) -> Hypothesis:
    """A reading of a text of its own."""
    at = datetime.fromtimestamp(minute * 60, UTC)
    return Hypothesis(
        text_id=f"text-{number}", subject=parse_subject(subject), stance=Stance(negative=0.8, neutral=0.1, positive=0.1),
        probability=0.8, rank=1, of=1, lang="en", source="wire", author_hash=f"{number:016x}", story=f"{number:016x}",
        published_at=at, ingested_at=at, excerpt=f"What was written as text {number}, of some length. " * 3, model="canned@1",
        truncated=False,
    )  # fmt: skip


class Taking:
    """A converger that takes texts in one by one, a minute after another, on subjects that it knows."""

    def __init__(self, settings: Settings, client: Any, subjects: int) -> None:
        clock = ManualClock(datetime.fromtimestamp(BEGIN * 60, UTC))
        self._stage, self._subjects, self._number = Converger(settings, client, dict, clock), subjects, 0
        self._draw = random.Random(subjects)  # noqa: S311 a sample, no secret
        self._names = [name for name in known.names(subjects) if not name.startswith("*/")]
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        began = time.perf_counter()
        self._stage.open(0)
        self.claim = time.perf_counter() - began

    def take(self) -> None:
        """Take one text in, close its minute, and note the seconds, and those of the processor in this process."""
        minute = BEGIN + self._number
        mark = Watermark(partition=0, of=1, time=datetime.fromtimestamp(minute * 60 + 60, UTC))
        about = hypothesis(self._number, minute, self._draw.choice(self._names))
        batch = [self._record(message, place) for place, message in enumerate((about, mark))]
        self._number += 1
        began, spent = time.perf_counter(), time.process_time()
        result = self._stage.process(batch, {})
        if result.acknowledged:
            result.acknowledged()
        self.seconds.append(time.perf_counter() - began)
        self.cpu.append(time.process_time() - spent)

    def _record(self, message: Message, place: int) -> Record:
        output = Output.of(self._stage.topic, "e", message)
        return Record(output.topic, 0, self._number * 2 + place, output.key, output.value, 0, output.headers)

"""Count what went through a pipeline, independently of it: from the topics on one side, from the trends on the other."""

import base64
from collections import Counter
from dataclasses import dataclass, field

from consumers.converger.events import pair_digest, subjects_of
from consumers.converger.queries import Trends
from groundswell.alerts import transitions
from groundswell.clock import Clock
from groundswell.kafka import Record, Topics
from groundswell.messages import Alert, DeadLetter, Hypothesis, Watermark
from groundswell.settings import Settings
from groundswell.tail import Tail

LONGEST_LATENCY = 3600.0
"""Seconds above which a text's ingestion was not part of this run."""


@dataclass
class Totals:
    """What the topics say so far."""

    texts: set[str] = field(default_factory=set)
    hypotheses: int = 0
    pairs: set[str] = field(default_factory=set)
    subjects: Counter[str] = field(default_factory=Counter)
    late: set[str] = field(default_factory=set)
    latencies: list[float] = field(default_factory=list)
    dead: dict[tuple[str, int, int], str] = field(default_factory=dict)
    unfit: set[str] = field(default_factory=set)
    """Ids of texts that went to deadletters."""
    alerts: list[Alert] = field(default_factory=list)

    def add_hypothesis(self, record: Record, *, late: bool = False) -> None:
        """Count a record of the hypotheses topic, or of that of the late ones; each pair of text and subject once."""
        if record.schema == Watermark.schema_name:
            return
        hypothesis = Hypothesis.from_wire(record.value)
        self.hypotheses += not late
        if hypothesis.text_id not in self.texts:
            self.texts.add(hypothesis.text_id)
            waited = record.timestamp_ms / 1000 - hypothesis.ingested_at.timestamp()
            if 0 <= waited <= LONGEST_LATENCY:
                self.latencies.append(waited)
        for subject in subjects_of(hypothesis.subject):
            digest = pair_digest(hypothesis.text_id, str(subject))
            if late and digest not in self.late:
                self.late.add(digest)
                self.subjects[str(subject)] -= 1
            elif not late and digest not in self.pairs:
                self.pairs.add(digest)
                self.subjects[str(subject)] += 1

    def latency(self, share: float) -> float | None:
        """The quantile ``share`` of the seconds from ingestion to hypotheses; none where it was not measured."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class Audit:
    """Reads the topics of a pipeline beside it; a context manager."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        topics = Topics(settings.kafka.topic_prefix)
        self.totals = Totals()
        self._clock = clock
        self._tails = {
            name: Tail(settings, name) for name in (topics.hypotheses, topics.late, topics.deadletters, topics.alerts)
        }
        self._topics = topics
        self._revisions: dict[str, int] = {}

    def poll(self) -> None:
        """Read what has come."""
        totals, topics = self.totals, self._topics
        for record in self._tails[topics.hypotheses].poll(0.1):
            totals.add_hypothesis(record)
        for record in self._tails[topics.late].poll(0.01):
            totals.add_hypothesis(record, late=True)
        for record in self._tails[topics.deadletters].poll(0.01):
            letter = DeadLetter.from_wire(record.value)
            totals.dead[letter.topic, letter.partition, letter.offset] = letter.reason
            if letter.topic == topics.texts and letter.key_base64:
                totals.unfit.add(base64.b64decode(letter.key_base64).decode("utf-8", "replace"))
        for alert in transitions(self._tails[topics.alerts].poll(0.01)):
            if alert.revision > self._revisions.get(alert.id, 0):
                self._revisions[alert.id] = alert.revision
                totals.alerts.append(alert)

    def at_end(self) -> bool:
        """Whether all topics have been read to their end."""
        return all(tail.at_end() for tail in self._tails.values())

    def alerts_read(self) -> int:
        """The offset after the last record of the alerts topic that was read."""
        return self._tails[self._topics.alerts].position(0)

    def close(self) -> None:
        """Stop reading."""
        for tail in self._tails.values():
            tail.__exit__()

    def compare(self, trends: Trends) -> tuple[int, int]:
        """Pairs of text and subject that the trends count more often than once, and those they do not count."""
        counted = Counter({one.subject: one.trend.texts for one in trends.all()})
        twice = sum((counted - self.totals.subjects).values())
        missing = sum((self.totals.subjects - counted).values())
        return twice, missing

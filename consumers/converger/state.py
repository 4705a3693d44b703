"""The state of one partition in Redis: everything lies under one hash tag, and changes only by the scripts of this folder."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consumers.converger import market
from consumers.converger.deadlines import Deadlines
from consumers.converger.events import Event, pair_digest
from consumers.converger.flow import Flow
from consumers.converger.life import Life, Phase
from consumers.converger.partition import Closed, Happening, Partition, Past
from consumers.converger.recent import KEPT_MINUTES
from consumers.converger.trend import Trend
from groundswell.errors import FencedError
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings
from groundswell.store import Client, Script, errors

SEEN_SLACK_HOURS = 2
"""Hours for which pairs are remembered past the last late text: a batch sent again after a crash is that old at most."""


@dataclass(frozen=True)
class Keys:
    """The names of the keys of one partition."""

    prefix: str
    partition: int

    @property
    def base(self) -> str:
        """What all names begin with; the braces put them into one slot of a cluster."""
        return f"{{{self.prefix}:{self.partition}}}:"

    def __getattr__(self, name: str) -> str:
        if name in {"meta", "minutes", "counts", "subjects", "groups", "outbox", "asked", "deadlines"}:
            return self.base + name
        raise AttributeError(name)

    def minute(self, minute: int) -> str:
        """The list of the events of a minute."""
        return f"{self.base}minute:{minute}"

    def trend(self, subject: str) -> str:
        """The trend of a subject."""
        return f"{self.base}trend:{subject}"


@dataclass(frozen=True)
class Marks:
    """Watermarks by text partition, in seconds since the epoch, and how many such partitions there are (0: not told)."""

    times: Mapping[int, float]
    of: int


@dataclass
class Held:
    """A partition that is ours: where it stands in Redis, and what of it is in memory."""

    keys: Keys
    epoch: str
    offset: str
    marks: dict[int, float]
    of: int
    partition: Partition = field(default_factory=Partition)
    dirty: bool = True
    """Whether minutes may be closed, or alerts told, that were not."""

    def target(self) -> int | None:
        """The first minute that may not be closed yet: every text partition has passed those before it."""
        if not self.of or len(self.marks) < self.of:
            return None
        return int(min(self.marks.values()) // 60)


class State:
    """Reads and writes partitions; ``FencedError`` where another owner has written meanwhile."""

    def __init__(self, client: Client, prefix: str, settings: ConvergerSettings) -> None:
        self._client: Any = client
        self._prefix = prefix
        self._settings = settings
        self._ttl = (settings.history_days + 7) * 86400
        self._claim, self._ingest, self._close, self._told = (
            Script(client, __package__, f"{name}.lua") for name in ("claim", "ingest", "close", "told")
        )

    def claim(self, number: int) -> Held:
        """Take partition ``number`` over and load what its windows and alerts need."""
        keys = Keys(self._prefix, number)
        flat = self._claim([keys.meta], [self._ttl])
        stored = {flat[i]: flat[i + 1] for i in range(0, len(flat), 2)}
        meta = {name.decode(): value.decode() for name, value in stored.items() if name != b"whole"}
        marks = {int(name[5:]): float(value) for name, value in meta.items() if name.startswith("mark:")}
        held = Held(keys, meta["epoch"], meta.get("offset", ""), marks, int(meta.get("of", 0)))
        held.partition.closed = int(meta["closed"]) if "closed" in meta else None
        held.partition.of = max(1, held.of)
        held.partition.flow = Flow.decode(meta["flow"]) if "flow" in meta else Flow()
        if whole := stored.get(b"whole"):
            held.partition.whole.trend = Trend.decode(whole)
        self._load_windows(held)
        return held

    def _load_windows(self, held: Held) -> None:
        partition, keys = held.partition, held.keys
        with errors():
            groups = self._client.hgetall(keys.groups)
            deadlines = self._client.zrange(keys.deadlines, 0, -1, withscores=True)
        for name, stored in groups.items():
            one = read_group(stored)
            if isinstance(one, Past):
                partition.pasts[name.decode()] = one
            else:
                partition.happenings[name.decode()] = one
        partition.deadlines = Deadlines((name.decode(), int(minute)) for name, minute in deadlines)
        if partition.closed is None:
            return
        for minute, events in self.events(held, partition.closed - KEPT_MINUTES, partition.closed).items():
            if minute >= partition.closed // 60 * 60:
                partition.heard(partition.closed)
            for event in sorted(events, key=lambda one: (one.minute, one.text_id, one.subjects)):
                partition.remember(event, minute)
        partition.heard(partition.closed)
        in_being = {key.partition(":")[2] for key in partition.happenings} - {market.SUBJECT}
        self.load_trends(held, {*partition.subjects, *in_being}, loaded=())

    def ingest(
        self, held: Held, offset: int, events: Sequence[tuple[int, Event]], late: Sequence[bytes], marks: Marks
    ) -> tuple[int, int]:
        """Take in a batch that ends before ``offset``: events with their minutes, late hypotheses as read, watermarks.

        Returns how many pairs of text and subject were counted, and how many were seen before.
        """
        keys = held.keys
        told = json.dumps({str(q): at for q, at in marks.times.items()})
        arguments: list[str | bytes | int | float] = [
            *(keys.base, self._ttl, held.epoch, held.offset, offset, marks.of, told, len(late)),
            *late,
        ]
        for minute, event in events:
            digests = ",".join(pair_digest(event.text_id, subject) for subject in event.subjects)
            arguments += [minute, event.minute // 60, event.encode(), digests]
        answer = self._ingest([keys.meta, keys.minutes, keys.counts, keys.outbox], arguments)
        self._check(answer, held)
        held.offset = str(offset)
        held.of = marks.of or held.of
        held.partition.of = max(1, held.of)
        held.marks.update({q: max(at, held.marks.get(q, at)) for q, at in marks.times.items()})
        held.dirty = True
        return int(answer[1]), int(answer[2])

    def events(self, held: Held, first: int, end: int) -> dict[int, list[Event]]:
        """The events that count from minute ``first`` to before ``end``, by minute."""
        with errors():
            minutes = [int(one) for one in self._client.zrangebyscore(held.keys.minutes, first, f"({end}")]
            pipe = self._client.pipeline(transaction=False)
            for minute in minutes:
                pipe.lrange(held.keys.minute(minute), 0, -1)
            stored = pipe.execute()
        return {minute: [Event.decode(one) for one in rows] for minute, rows in zip(minutes, stored, strict=True)}

    def load_trends(self, held: Held, subjects: Iterable[str], loaded: Container[str] | None = None) -> None:
        """Load the trends of ``subjects`` but of those ``loaded``, which are all in memory unless told otherwise."""
        known = held.partition.subjects if loaded is None else loaded
        missing = sorted(name for name in subjects if name not in known)
        if not missing:
            return
        with errors():
            stored = self._client.mget([held.keys.trend(name) for name in missing])
        for name, value in zip(missing, stored, strict=True):
            if value or loaded is None:
                held.partition.memory(name).trend = Trend.decode(value) if value else Trend()

    def first_hour(self, closed: int) -> int:
        """The first hour of publication whose pairs are remembered once all before minute ``closed`` is closed."""
        return closed // 60 - self._settings.late_hours - SEEN_SLACK_HOURS

    def save(self, held: Held, was: int | None, closed: Closed) -> None:
        """Store what a closing changed, if nobody else closed minute ``was`` meanwhile."""
        keys, now = held.keys, held.partition.closed
        assert now is not None
        arguments: list[str | bytes | int | float] = [
            keys.base, self._ttl, held.epoch, "" if was is None else was, now, now - KEPT_MINUTES,
            self.first_hour(now), now - self._settings.history_days * 1440,
            len(closed.subjects), len(closed.groups), len(closed.alerts), len(closed.deadlines), held.partition.flow.encode(),
            held.partition.whole.trend.encode(),
        ]  # fmt: skip
        for name, minute in sorted(closed.subjects.items()):
            arguments += [name, minute, held.partition.subjects[name].trend.encode()]
        for name, happening in sorted(closed.groups.items()):
            arguments += [name, "" if happening is None else _stored(happening)]
        arguments += [alert.to_wire() for alert in closed.alerts]
        for name, due in sorted(closed.deadlines.items()):
            arguments += [name, "" if due is None else due]
        answer = self._close([keys.meta, keys.minutes, keys.subjects, keys.groups, keys.outbox, keys.deadlines], arguments)
        self._check(answer, held)

    def outbox(self, held: Held) -> list[bytes]:
        """The alerts, and after an L the late hypotheses, that Kafka may not have yet, oldest first."""
        with errors():
            return list(self._client.lrange(held.keys.outbox, 0, -1))

    def told(self, held: Held, count: int) -> None:
        """Forget the first ``count`` alerts of the outbox."""
        self._check(self._told([held.keys.meta, held.keys.outbox], [held.epoch, count]), held)

    def _check(self, answer: Sequence[bytes], held: Held) -> None:
        if answer[0] != b"ok":
            raise FencedError(
                f"partition {held.keys.partition} is {answer[0].decode()}: another owner wrote it, or Redis lost a second",
                held.keys.partition,
            )


def _stored(one: Happening | Past) -> str:
    if isinstance(one, Past):
        return json.dumps([one.fired])
    life = one.life
    plain = [life.phase, life.since, life.calm_since, life.dry_since, life.fired, one.alert.to_wire().decode()]
    return json.dumps(plain, ensure_ascii=False)


def read_group(stored: bytes) -> Happening | Past:
    """A value of the hash ``groups``."""
    plain = json.loads(stored)
    if len(plain) == 1:
        return Past(tuple(plain[0]))
    phase, since, calm_since, dry_since, fired, alert = plain
    return Happening(Life(Phase(phase), since, calm_since, dry_since, tuple(fired)), Alert.from_wire(alert.encode()))

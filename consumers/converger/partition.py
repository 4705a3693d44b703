"""What the converger holds of one partition, and what a closing changes in it."""

from dataclasses import dataclass, field

from consumers.converger.deadlines import Deadlines
from consumers.converger.events import Event
from consumers.converger.flow import Flow
from consumers.converger.life import Life, remembered
from consumers.converger.market import Market
from consumers.converger.memory import Memory
from consumers.converger.recent import KEPT_MINUTES, WINDOWS
from groundswell.messages import Alert, AlertKind
from groundswell.settings import ConvergerSettings

SWEEP_MINUTES = 15
IDLE_MINUTES = 60
"""After so long a silence, and again after each as long, it is looked what memory needs of a subject."""
LEAST_TEXTS = 5
"""Texts in six hours with which a group has its part of the budget; one that is named once or twice raises no alert."""


@dataclass(frozen=True)
class Happening:
    """One alert in being: its life, and what was last told of it."""

    life: Life
    alert: Alert


@dataclass(frozen=True)
class Past:
    """What is remembered of a happening that is over: when it began to fire lately, in minutes since the epoch."""

    fired: tuple[int, ...]


@dataclass
class Partition:
    """What is held in memory of a partition while it is ours, one of ``of``. ``closed`` is the first minute not closed."""

    closed: int | None = None
    of: int = 1
    whole: Memory = field(default_factory=Memory)
    """All texts of the partition together: their past, of which each subject has the rhythm."""
    subjects: dict[str, Memory] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    """Subjects by group, of what is in memory."""
    happenings: dict[str, Happening] = field(default_factory=dict)
    """By kind and group, joined by a colon."""
    pasts: dict[str, Past] = field(default_factory=dict)
    """Of happenings that are over, for as long as they may count as flapping."""
    flow: Flow = field(default_factory=Flow)
    deadlines: Deadlines = field(default_factory=Deadlines)
    market: Market = field(default_factory=Market)
    moved: dict[AlertKind, int] = field(default_factory=dict)
    """The minute in which a move of the market last explained a surge of an entity."""
    swept: int = 0
    """The first minute not closed when memory was last swept."""
    news: set[str] = field(default_factory=set)
    """Subjects that were asked for since then."""
    idle: Deadlines = field(default_factory=Deadlines)
    """The minutes in which it is looked what memory needs of subjects, should they stay silent."""
    _counted: tuple[int, int] = (-1, 1)

    def memory(self, subject: str) -> Memory:
        """The memory of ``subject``, an empty one if there was none."""
        self.news.add(subject)
        self.groups.setdefault(group_of(subject), set()).add(subject)
        if subject not in self.subjects:
            self.subjects[subject] = Memory(parent=self.whole)
        return self.subjects[subject]

    def remember(self, event: Event, minute: int) -> None:
        """Take ``event``, counted when ``minute`` was closed, into the last hours of its subjects again."""
        for subject in event.subjects:
            self.memory(subject).recent.add(event, minute)

    @property
    def told(self) -> dict[str, list[Event]]:
        """The events of the last hours by subject."""
        return {name: memory.recent.events for name, memory in self.subjects.items()}

    def group(self, name: str, end: int) -> dict[str, Memory]:
        """The subjects of a group by name: the whole of it, and what was heard of lately before ``end``."""
        found = {subject: self.subjects[subject] for subject in self.groups.get(name, ())}
        return {subject: one for subject, one in found.items() if subject == name or one.heard(end)}

    def heard(self, minute: int) -> int:
        """How many groups had enough texts to tell anything of in the six hours before the hour of ``minute``, at least 1."""
        hour = minute // 60
        if self._counted[0] != hour:
            heard = sum(any(self._told(name, hour * 60) for name in names) for names in self.groups.values())
            self._counted = (hour, max(1, heard))
        return self._counted[1]

    def _told(self, subject: str, end: int) -> bool:
        """Whether ``subject`` had enough texts in the six hours before minute ``end``; most have fewer in memory altogether."""
        recent = self.subjects[subject].recent
        return len(recent) >= LEAST_TEXTS and recent.windows(end)[WINDOWS[-1]].texts >= LEAST_TEXTS


@dataclass
class Closed:
    """What a closing changed and has to be stored."""

    subjects: dict[str, int] = field(default_factory=dict)
    """The last minute of each trend that changed."""
    groups: dict[str, Happening | Past | None] = field(default_factory=dict)
    deadlines: dict[str, int | None] = field(default_factory=dict)
    """The deadlines that changed; none for a subject that has none any more."""
    alerts: list[Alert] = field(default_factory=list)


def group_of(subject: str) -> str:
    """The happening a subject belongs to: its entity, or its topic where it has none."""
    entity = subject.partition("/")[2]
    return subject if entity in {"", "*"} else f"*/{entity}"


def bury(partition: Partition, key: str, life: Life, minute: int, settings: ConvergerSettings, result: Closed) -> None:
    """Remember of a life that has ended what counts for flapping, and forget those that ended too long ago."""
    partition.pasts[key] = Past(life.fired)
    for name, past in list(partition.pasts.items()):
        kept = remembered(past.fired, minute, settings)
        if kept != past.fired or name == key:
            result.groups[name] = Past(kept) if kept else None
        if kept:
            partition.pasts[name] = Past(kept)
        else:
            del partition.pasts[name]


def forget(partition: Partition) -> None:
    """Drop from memory, now and then, what no window can reach any more; trends come back from the store when needed.

    Looks at the subjects that were asked for since the last time, and at those that have been silent for another
    `IDLE_MINUTES`: each text costs a few looks, and what is in memory beside it nothing.
    """
    now = partition.closed
    if now is None or now - partition.swept < SWEEP_MINUTES:
        return
    partition.swept = now
    for subject in partition.news:
        memory = partition.subjects[subject]
        memory.recent.forget(now - KEPT_MINUTES)
        partition.idle.set(subject, memory.latest + IDLE_MINUTES)
    partition.news.clear()
    in_being = {key.partition(":")[2] for key in partition.happenings}
    for subject in partition.idle.before(now + 1):
        memory, group = partition.subjects[subject], group_of(subject)
        memory.recent.forget(now - KEPT_MINUTES)
        memory.rest()
        if memory.recent or group in in_being:
            partition.idle.set(subject, now + IDLE_MINUTES)
        else:
            _drop(partition, subject, group)


def _drop(partition: Partition, subject: str, group: str) -> None:
    """Let ``subject`` of ``group`` go."""
    del partition.subjects[subject]
    partition.idle.set(subject, None)
    partition.groups[group].discard(subject)
    if not partition.groups[group]:
        del partition.groups[group]

"""Close minutes of one partition: its events join the trends, the trends are evaluated, alerts take their next step.

Pure but for what it is given: it changes the `Partition` in memory and returns what has to be stored for it, so that a crash
between the two costs nothing but doing it again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from consumers.converger.concretise import concretise, revise
from consumers.converger.evaluate import KINDS, Finding, evaluate
from consumers.converger.events import Event, parse_subject
from consumers.converger.flow import Flow
from consumers.converger.life import Life, Phase, remembered, step
from consumers.converger.surge import Thresholds
from consumers.converger.transitions import ends, fires, reconsider
from consumers.converger.trend import KEPT_MINUTES, Trend
from groundswell.messages import Alert, AlertKind, AlertState
from groundswell.settings import ConvergerSettings
from model.taxonomy import Taxonomy

SWEEP_MINUTES = 15
Names = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Happening:
    """One alert in being: its life, what was last told of it, and the subjects that belong to it."""

    life: Life
    alert: Alert


@dataclass(frozen=True)
class Past:
    """What is remembered of a happening that is over: when it began to fire lately, in minutes since the epoch."""

    fired: tuple[int, ...]


@dataclass
class Partition:
    """What is held in memory of a partition while it is ours. ``closed`` is the first minute not closed."""

    closed: int | None = None
    origin: int = 0
    trends: dict[str, Trend] = field(default_factory=dict)
    recent: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    """Events of the last hours by subject, in the order in which they were closed."""
    happenings: dict[str, Happening] = field(default_factory=dict)
    pasts: dict[str, Past] = field(default_factory=dict)
    """Of happenings that are over, for as long as they may count as flapping."""
    flow: Flow = field(default_factory=Flow)
    topics_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Subjects by group, of what was seen lately."""
    swept: int = 0
    """The first minute not closed when memory was last swept."""


@dataclass
class Closed:
    """What a closing changed and has to be stored."""

    subjects: dict[str, int] = field(default_factory=dict)
    """The last minute of each trend that changed."""
    groups: dict[str, Happening | Past | None] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)


def group_of(subject: str) -> str:
    """The happening a subject belongs to: its entity, or its topic where it has none."""
    entity = parse_subject(subject).entity
    return f"*/{entity}" if entity else subject


class Closing:
    """Closes minutes by the rules of ``settings``; ``names`` gives the names of entities."""

    def __init__(self, settings: ConvergerSettings, taxonomy: Taxonomy, names: Names) -> None:
        self._settings = settings
        self._taxonomy = taxonomy
        self._names = names
        self._firing = Thresholds.firing(settings)
        self._clearing = self._firing.clearing()

    def close(self, partition: Partition, pending: Mapping[int, Sequence[Event]], target: int) -> Closed:
        """Close the minutes of ``pending`` (all before ``target``) and those in which an alert in being may change."""
        result = Closed()
        minute = partition.closed if partition.closed is not None else min(pending, default=target)
        waiting = sorted(pending)
        while minute < target:
            if not partition.happenings:
                minute = next((at for at in waiting if at >= minute), target)
                if minute >= target:
                    break
            self._close_minute(partition, minute, pending.get(minute, ()), result)
            minute += 1
        partition.closed = target
        return result

    def _close_minute(self, partition: Partition, minute: int, events: Sequence[Event], result: Closed) -> None:
        if events:
            partition.flow = partition.flow.after(minute)
        touched = set()
        for event in sorted(events, key=lambda one: (one.minute, one.text_id, one.subjects)):
            for subject in event.subjects:
                partition.trends.setdefault(subject, Trend()).add(event)
                partition.recent[subject].append(event)
                partition.topics_of[group_of(subject)].add(subject)
                result.subjects[subject] = max(minute, result.subjects.get(subject, 0))
                touched.add(group_of(subject))
        hour = minute // 60 - self._settings.history_days * 24
        for subject in {subject for event in events for subject in event.subjects}:
            partition.trends[subject].forget(minute - KEPT_MINUTES, hour)
        in_being = {key.partition(":")[2] for key in partition.happenings}
        for group in sorted(touched | in_being):
            for kind in KINDS:
                self._step(partition, f"{kind}:{group}", group, kind, minute, result)

    def _step(self, partition: Partition, key: str, group: str, kind: AlertKind, minute: int, result: Closed) -> None:
        before = partition.happenings.get(key)
        resting = before is not None and before.life.phase == Phase.RESTING
        finding = None if resting else self._evaluate(partition, group, kind, minute, self._firing)
        if before is None and finding is None:
            return
        above = finding is not None or (
            not resting and self._evaluate(partition, group, kind, minute, self._clearing) is not None
        )
        life, changed = step(
            before.life if before else None,
            minute,
            over=finding is not None,
            above_clearing=above,
            settings=self._settings,
            no_data=partition.flow.dry(minute, self._settings),
            fired=partition.pasts.pop(key, Past(())).fired,
        )
        after = self._tell(before, life, finding, minute, result, changed=changed)
        if after is not None:
            partition.happenings[key] = result.groups[key] = after
        elif before is not None:
            del partition.happenings[key]
            bury(partition, key, before.life, minute, self._settings, result)

    def _tell(
        self,
        before: Happening | None,
        life: Life | None,
        finding: Finding | None,
        minute: int,
        result: Closed,
        *,
        changed: bool,
    ) -> Happening | None:
        """The happening after a step of its life; what people should hear of it goes into ``result``."""
        names = self._names()
        alert = before.alert if before else None
        if alert is None:
            assert finding is not None, "a life begins with a finding"
            alert = concretise(finding, minute, names, self._taxonomy)
            result.alerts.append(alert)
        elif changed and alert.state != AlertState.RESOLVED:
            if life is not None and life.phase == Phase.FIRING and finding is not None:
                revised = revise(alert, finding, minute, names, self._taxonomy)
                alert = fires(alert, revised, minute, flapping=life.flapping(self._settings))
            else:
                alert = ends(alert, life, minute)
            result.alerts.append(alert)
        elif finding is not None and life is not None and life.phase in {Phase.FIRING, Phase.ACKNOWLEDGED}:
            revised = revise(alert, finding, minute, names, self._taxonomy)
            life, told = reconsider(life, alert, revised, minute)
            if told is not alert:
                alert = told
                result.alerts.append(alert)
        return None if life is None else Happening(life, alert)

    def _evaluate(
        self, partition: Partition, group: str, kind: AlertKind, minute: int, thresholds: Thresholds
    ) -> Finding | None:
        trends = {name: partition.trends[name] for name in partition.topics_of[group] if name in partition.trends}

        def gather(subject: str, length: int) -> list[Event]:
            return [event for event in partition.recent[subject] if minute + 1 - length <= event.minute <= minute]

        credibility = self._settings.credibility
        return evaluate(trends, gather, minute + 1, partition.origin, kind, thresholds, credibility)


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
    """Drop from memory, now and then, what no window can reach any more; trends come back from the store when needed."""
    if partition.closed is None or partition.closed - partition.swept < SWEEP_MINUTES:
        return
    partition.swept = partition.closed
    minute = partition.closed - KEPT_MINUTES
    for subject in list(partition.recent):
        kept = [event for event in partition.recent[subject] if event.minute >= minute]
        if kept:
            partition.recent[subject] = kept
        else:
            del partition.recent[subject]
            partition.trends.pop(subject, None)
            partition.topics_of[group_of(subject)].discard(subject)
    for group in [name for name, subjects in partition.topics_of.items() if not subjects]:
        del partition.topics_of[group]

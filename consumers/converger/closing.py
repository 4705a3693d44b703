"""Close minutes of one partition: its events join the trends, the trends are evaluated, alerts take their next step.

Pure but for what it is given: it changes the `Partition` in memory and returns what has to be stored for it, so that a crash
between the two costs nothing but doing it again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from consumers.converger import market, playbook
from consumers.converger.budget import allowed, shared
from consumers.converger.concretise import Context, concretise, revise
from consumers.converger.evaluate import MEASURES, Unusual, evaluate
from consumers.converger.events import Event
from consumers.converger.level import changing
from consumers.converger.life import Life, Phase, step
from consumers.converger.partition import Closed, Happening, Partition, Past, bury, group_of
from consumers.converger.refine import Candidate, refine, whole_market
from consumers.converger.select import Finding, select
from consumers.converger.severity import worth_telling
from consumers.converger.silence import AGAIN_MINUTES, LONGEST_MINUTES, deadline, heard_elsewhere, resumes
from consumers.converger.surge import Thresholds
from consumers.converger.transitions import ends, fires, reconsider
from groundswell.messages import AlertKind, AlertState
from groundswell.settings import ConvergerSettings
from model.taxonomy import Taxonomy

STANCES = (AlertKind.NEGATIVE_SURGE, AlertKind.POSITIVE_SURGE)
"""What explains, while it goes on, that there are more texts of a group, or another share of a stance in them."""
CHANGING = AlertKind.NEGATIVE_SURGE
"""What a shift that is told of the same group explains, as far as the share has risen: both are of one measure."""
MOVES = (*STANCES, AlertKind.VOLUME_SURGE)
"""What the whole market may do."""
TELLING = {Phase.FIRING, Phase.ACKNOWLEDGED}
VOLUME_MINUTES = 15
"""Volume is waited for so long at least: it is told where no stance turns out to be behind it."""
REVISE_MINUTES = 5
"""How often it is looked whether there is more to say of what fires."""
Names = Callable[[], Mapping[str, str]]
Aliases = Callable[[], Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Place:
    """Where something may be happening: a kind of alert in a group of subjects, in one minute."""

    kind: AlertKind
    group: str
    minute: int

    @property
    def key(self) -> str:
        """The name of the happening."""
        return f"{self.kind}:{self.group}"


class Closing:
    """Closes minutes by the rules of ``settings``; ``names`` and ``aliases`` give the names of entities.

    Raises FatalError when the playbooks of the settings cannot be used.
    """

    def __init__(self, settings: ConvergerSettings, taxonomy: Taxonomy, names: Names, aliases: Aliases = dict) -> None:
        self._settings = settings
        self._patient = settings.model_copy(update={"pending_minutes": max(VOLUME_MINUTES, settings.pending_minutes)})
        self._taxonomy = taxonomy
        self._playbooks = playbook.load(settings.playbooks, taxonomy)
        self._names = names
        self._aliases = aliases

    def close(self, partition: Partition, pending: Mapping[int, Sequence[Event]], target: int) -> Closed:
        """Close the minutes of ``pending`` (all before ``target``) and those in which an alert in being may change."""
        result = Closed()
        minute = partition.closed if partition.closed is not None else min(pending, default=target)
        waiting = sorted(pending, reverse=True)
        while minute < target:
            if not partition.happenings:
                while waiting and waiting[-1] < minute:
                    waiting.pop()
                due = partition.deadlines.next()
                minute = max(minute, min(waiting[-1] if waiting else target, target if due is None else due))
            if minute < target:
                self._close_minute(partition, minute, pending.get(minute, ()), result)
            minute += 1
        partition.closed = target
        return result

    def _close_minute(self, partition: Partition, minute: int, events: Sequence[Event], result: Closed) -> None:
        partition.heard(minute)  # before texts of this hour come: so a restart finds the same
        if events:
            partition.flow = partition.flow.after(minute)
        touched = self._count(partition, minute, events, result)
        silent = {group_of(subject) for subject in self._overdue(partition, minute, touched, result)}
        in_being = {key.partition(":")[2] for key in partition.happenings}
        news: dict[str, set[str]] = {}
        for subject in touched:
            news.setdefault(group_of(subject), set()).add(subject)
        for group in sorted(news.keys() | silent | in_being - {market.SUBJECT}):
            for kind in MEASURES:
                place = Place(kind, group, minute)
                about = {group} & silent if kind == AlertKind.SILENCE else news.get(group, set())
                if about or place.key in partition.happenings:
                    self._step(partition, place, about, result)
        for kind in MOVES:
            key = f"{kind}:{market.SUBJECT}"
            if partition.moved.get(kind) == minute or key in partition.happenings:
                self._step(partition, Place(kind, market.SUBJECT, minute), (), result)

    def _count(self, partition: Partition, minute: int, events: Sequence[Event], result: Closed) -> dict[str, int | None]:
        """Count ``events`` for their subjects, which are returned with the minutes of their last texts before."""
        touched: dict[str, int | None] = {}
        for event in sorted(events, key=lambda one: (one.minute, one.text_id, one.subjects)):
            if any("*" in subject for subject in event.subjects):
                partition.whole.learn(event)
            for subject in event.subjects:
                memory = partition.memory(subject)
                touched.setdefault(subject, memory.trend.latest)
                memory.count(event, minute)
        first, exact_from = minute // 60 - self._settings.history_days * 24, minute // 60 - self._settings.late_hours - 2
        partition.whole.trend.fold(first, exact_from)
        for subject in sorted(touched):
            result.subjects[subject] = minute
            partition.subjects[subject].trend.fold(first, exact_from)
        return touched

    def _overdue(self, partition: Partition, minute: int, touched: Mapping[str, int | None], result: Closed) -> list[str]:
        """The subjects that should have spoken by ``minute``; the deadlines of those that spoke are set anew each hour."""
        for subject in sorted(touched):
            last, due = partition.subjects[subject].trend.latest, partition.deadlines.of(subject)
            if "*" in subject and resumes(touched[subject], last, due):
                self._schedule(partition, subject, minute, result)
        found = []
        for subject in partition.deadlines.before(minute + 1):
            self._schedule(partition, subject, minute, result)
            if (at := partition.deadlines.of(subject)) is not None and at <= minute:
                found.append(subject)
                again = minute + AGAIN_MINUTES if minute < at + LONGEST_MINUTES else None
                partition.deadlines.set(subject, again)
                result.deadlines[subject] = again
        return found

    def _schedule(self, partition: Partition, subject: str, minute: int, result: Closed) -> None:
        """Set by when ``subject`` should speak again after its last text."""
        memory = partition.memory(subject)
        last = memory.trend.latest
        a_day = allowed(self._settings.false_alarms_a_day, AlertKind.SILENCE, partition.heard(minute), partition.of)
        at = None if last is None else deadline(memory, last, a_day)
        if at != partition.deadlines.of(subject):
            partition.deadlines.set(subject, at)
            result.deadlines[subject] = at

    def _step(self, partition: Partition, place: Place, touched: Collection[str], result: Closed) -> None:
        """The next step of what may be happening at ``place``, whose subjects ``touched`` have news."""
        before = partition.happenings.get(place.key)
        resting = before is not None and before.life.phase == Phase.RESTING
        finding, above = (None, False) if resting else self._look(partition, place, touched)
        if before is None and finding is None:
            return
        minute = place.minute
        life, changed = step(
            before.life if before else None,
            minute,
            over=finding is not None,
            above_clearing=above,
            settings=self._patient if place.kind == AlertKind.VOLUME_SURGE else self._settings,
            no_data=partition.flow.dry(minute, self._settings),
            fired=partition.pasts.pop(place.key, Past(())).fired,
        )
        after = self._tell(before, life, finding, minute, result, lambda: partition.told, changed=changed)
        if after is not None:
            partition.happenings[place.key] = result.groups[place.key] = after
        elif before is not None:
            del partition.happenings[place.key]
            bury(partition, place.key, before.life, minute, self._settings, result)

    def _tell(
        self,
        before: Happening | None,
        life: Life | None,
        finding: Finding | None,
        minute: int,
        result: Closed,
        recent: Callable[[], Mapping[str, Sequence[Event]]],
        *,
        changed: bool,
    ) -> Happening | None:
        """The happening after a step of its life; what people should hear of it goes into ``result``."""
        context = Context(self._taxonomy, self._playbooks, self._names(), self._aliases())
        alert = before.alert if before else None
        if alert is None:
            assert finding is not None, "a life begins with a finding"
            alert = concretise(finding, minute, context, recent())
            result.alerts.append(alert)
            if life is not None and life.phase == Phase.FIRING:
                alert = fires(alert, alert, minute, flapping=life.flapping(self._settings))
                result.alerts.append(alert)
        elif changed and alert.state != AlertState.RESOLVED:
            if life is not None and life.phase == Phase.FIRING and finding is not None:
                revised = revise(alert, finding, minute, context, recent())
                alert = fires(alert, revised, minute, flapping=life.flapping(self._settings))
            else:
                alert = ends(alert, life, minute)
            result.alerts.append(alert)
        elif life is not None and life.phase in TELLING and finding is not None and worth_telling(alert, finding):
            life, told = reconsider(life, alert, revise(alert, finding, minute, context, recent()), minute)
            if told is not alert:
                alert = told
                result.alerts.append(alert)
        return None if life is None else Happening(life, alert)

    def _look(self, partition: Partition, place: Place, news: Collection[str]) -> tuple[Finding | None, bool]:
        """The finding at ``place``, if any is over the firing thresholds, and whether anything is over the clearing ones.

        Only what has ``news`` can become more unusual; once something is, all of the group are ranked. Whether it is over is
        told by the plain counts, in which one author already adds at most logarithmically.
        """
        kind, end = place.kind, place.minute + 1
        if kind == AlertKind.SILENCE and partition.flow.dry(place.minute, self._settings):
            return None, False  # where nothing comes at all, that one is silent says nothing
        a_day = allowed(self._settings.false_alarms_a_day, kind, partition.heard(place.minute), partition.of)
        firing, group = Thresholds.firing(self._settings, kind, a_day), partition.group(place.group, end)
        factor = self._factor(partition, place)
        unusual, above = self._unusual(partition, place, news, firing, factor)
        found = refine(unusual, group, end, firing, self._settings.credibility, factor)
        if place.group == market.SUBJECT:
            moves = partition.market.moves(partition.subjects, MEASURES[kind], end)
            found = whole_market(moves, partition.subjects, end, firing)
            above = any(move.surge.passes(firing.clearing()) for move in moves)
        if found and not self._fires(partition, place.key):
            found = self._unexplained(partition, place, found, firing.a_day)
            above = False  # what something larger explains is not waited for
        return select(kind, found), above or bool(found)

    @staticmethod
    def _factor(partition: Partition, place: Place) -> float:
        """How many times its past share a stance is expected to have at ``place``: a change that is told raises it."""
        shift = partition.happenings.get(f"{AlertKind.STANCE_SHIFT}:{place.group}")
        if place.kind != CHANGING or shift is None or shift.life.phase not in TELLING:
            return 1.0
        return changing(partition.memory(place.group), MEASURES[CHANGING], place.minute + 1)

    @staticmethod
    def _unusual(
        partition: Partition, place: Place, news: Collection[str], firing: Thresholds, factor: float
    ) -> tuple[list[Unusual], bool]:
        """What is over the firing thresholds by plain counts, and whether anything is over the clearing ones."""
        end = place.minute + 1
        group = partition.group(place.group, end)
        if place.key not in partition.happenings:
            some = any(True for _ in evaluate(group, group.keys() & news, place.kind, end, firing, factor))
            return list(evaluate(group, group, place.kind, end, firing, factor)) if some else [], False
        lower = list(evaluate(group, group, place.kind, end, firing.clearing(), factor))
        over = [one for one in lower if one.surge.passes(firing.of(one.surge, shared(one.subject, len(group))))]
        if partition.happenings[place.key].life.phase == Phase.PENDING:
            return over, bool(lower)
        # What fires has been told, and is told anew for much more only: it is enough to look now and then, at the best window.
        best = {one.subject: one for one in sorted(over, key=lambda one: -one.surge.a_day)}
        return [] if place.minute % REVISE_MINUTES else list(best.values()), bool(lower)

    @staticmethod
    def _fires(partition: Partition, key: str) -> bool:
        return key in partition.happenings and partition.happenings[key].life.phase != Phase.PENDING

    def _unexplained(self, partition: Partition, place: Place, found: list[Candidate], a_day: float) -> list[Candidate]:
        """What of ``found`` is no part of something larger: of a surge of the same group, of the market, of a wider silence."""
        kind, end = place.kind, place.minute + 1
        if kind == AlertKind.SILENCE:
            return [one for one in found if heard_elsewhere(partition.subjects, one.subject, end, one.surge.window)]
        if kind not in STANCES and any(f"{other}:{place.group}" in partition.happenings for other in STANCES):
            return []
        if kind not in MOVES or place.group == market.SUBJECT:
            return found
        left = [one for one in found if not partition.market.explains(partition.subjects, one.subject, one.surge, end, a_day)]
        if len(left) < len(found):
            partition.moved[kind] = place.minute
        return left

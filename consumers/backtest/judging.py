"""Alerts held against labelled events: what was found and how soon, what was missed, what fired without a reason.

An alert finds an event if it is of the event's kind, on its entity, and fires between the event's start and ``grace`` past
its end. Each telling of a firing alert counts: those on an event that was found before are repeats, those on no event are
false, for each of them disturbs somebody.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from consumers.backtest.truth import Decoy, Event, Truth
from groundswell.messages import Alert, AlertKind, AlertState

GRACE = timedelta(hours=1)
Z = 1.959964
"""The quantile of the normal distribution that 95 % lie within."""


@dataclass(frozen=True)
class Found:
    """An event, and the first alert that tells of it."""

    event: Event
    alert: Alert

    @property
    def delay(self) -> float:
        """From the event's start to the alert, minutes."""
        return (self.alert.detected_at - self.event.start).total_seconds() / 60


@dataclass(frozen=True)
class Judgement:
    """How the alerts of one kind did; ``entity_days`` is the number of entities times the days they were watched."""

    kind: AlertKind
    found: Sequence[Found]
    missed: Sequence[Event]
    false: Sequence[Alert]
    repeats: int
    entity_days: float

    @property
    def recall(self) -> float | None:
        """The share of events that was found; none without events."""
        events = len(self.found) + len(self.missed)
        return len(self.found) / events if events else None

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        """Between what the recall lies with a confidence of 95 %, by Wilson's score interval (1927); none without events."""
        events = len(self.found) + len(self.missed)
        if not events:
            return None
        middle = (len(self.found) + Z**2 / 2) / (events + Z**2)
        reach = Z / (events + Z**2) * math.sqrt(len(self.found) * len(self.missed) / events + Z**2 / 4)
        return middle - reach, middle + reach

    @property
    def precision(self) -> float | None:
        """The share of alerts that found an event, repeats left out; none without alerts."""
        told = len(self.found) + len(self.false)
        return len(self.found) / told if told else None

    @property
    def false_per_100_entity_days(self) -> float:
        """How often one fires without a reason for a hundred entities in a day."""
        return 100 * len(self.false) / self.entity_days if self.entity_days else 0.0

    def delay(self, share: float) -> float | None:
        """The delay within which that ``share`` of the found events was found, minutes; none where none was found."""
        delays = sorted(one.delay for one in self.found)
        return delays[int(share * len(delays))] if delays else None

    def figures(self) -> dict[str, Any]:
        """The figures by name: shares to three places, rates to two, minutes to one."""
        return {
            "kind": str(self.kind),
            "events": len(self.found) + len(self.missed),
            "found": len(self.found),
            "recall": _rounded(self.recall, 3),
            "recall_interval": self.recall_interval and [round(end, 3) for end in self.recall_interval],
            "precision": _rounded(self.precision, 3),
            "false_alerts": len(self.false),
            "false_per_100_entity_days": round(self.false_per_100_entity_days, 2),
            "repeats": self.repeats,
            "delay_minutes_median": _rounded(self.delay(0.5), 1),
            "delay_minutes_p90": _rounded(self.delay(0.9), 1),
        }


def judge(alerts: Iterable[Alert], truth: Truth, entity_days: float, grace: timedelta = GRACE) -> list[Judgement]:
    """One judgement for each kind of alert that the events of ``truth`` ask for."""
    firing = [one for one in alerts if one.state == AlertState.FIRING and one.subject.entity]
    firing.sort(key=lambda one: (one.detected_at, one.subject.entity, one.id))
    return [_judge(kind, firing, truth, entity_days, grace) for kind in truth.kinds]


def _judge(kind: AlertKind, firing: Sequence[Alert], truth: Truth, entity_days: float, grace: timedelta) -> Judgement:
    events = [event for event in truth.surges if event.alert == kind]
    found: dict[int, Found] = {}
    false, repeats = [], 0
    for alert in (one for one in firing if one.kind == kind):
        over = [place for place, event in enumerate(events) if _tells(alert, event, grace)]
        new = next((place for place in over if place not in found), None)
        if new is not None:
            found[new] = Found(events[new], alert)
        elif over:
            repeats += 1
        else:
            false.append(alert)
    missed = [event for place, event in enumerate(events) if place not in found]
    missed.sort(key=lambda event: (event.start, event.entity))
    return Judgement(kind, [found[place] for place in sorted(found)], missed, false, repeats, entity_days)


def _tells(alert: Alert, event: Event, grace: timedelta) -> bool:
    return alert.subject.entity == event.entity and event.start <= alert.detected_at <= event.end + grace


def unjudged(alerts: Iterable[Alert], truth: Truth) -> int:
    """How many firing alerts are on no entity, or of a kind that no event asks for: nothing says whether they are right."""
    kinds = truth.kinds
    firing = {one.id: one for one in alerts if one.state == AlertState.FIRING}
    return sum(one.kind not in kinds or not one.subject.entity for one in firing.values())


def fooled(judgements: Iterable[Judgement], truth: Truth, grace: timedelta = GRACE) -> Mapping[str, tuple[int, int]]:
    """Kind of decoy -> how many of them a false alert fell for, and how many there are."""
    false = [alert for judgement in judgements for alert in judgement.false]
    counts: dict[str, tuple[int, int]] = {}
    for decoy in truth.decoys:
        taken, there = counts.get(decoy.kind, (0, 0))
        counts[decoy.kind] = taken + any(fell_for(alert, decoy, grace) for alert in false), there + 1
    return dict(sorted(counts.items()))


def fell_for(alert: Alert, decoy: Decoy, grace: timedelta) -> bool:
    """Whether ``alert`` fired on the entity of ``decoy`` while that lasted."""
    began = decoy.start is None or decoy.start <= alert.detected_at
    return alert.subject.entity == decoy.entity and began and (decoy.end is None or alert.detected_at <= decoy.end + grace)


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)

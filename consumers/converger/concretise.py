"""Concretise: from a finding to an alert that a person can act on, with headline, evidence, telling words and a plan."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from consumers.converger.before import Recent, before
from consumers.converger.events import parse_subject
from consumers.converger.evidence import evidence
from consumers.converger.headline import Facts, headline, who, whole
from consumers.converger.keywords import keywords
from consumers.converger.playbook import Playbooks
from consumers.converger.recent import KEPT_MINUTES
from consumers.converger.refine import Candidate
from consumers.converger.select import Finding
from consumers.converger.severity import severity
from consumers.converger.support import leaning
from groundswell.messages import Alert, AlertState, Ranked, Severity, Subject
from model.taxonomy import Taxonomy

ALTERNATIVES = 5


@dataclass(frozen=True)
class Context:
    """What an alert is put into words with; ``names`` and ``aliases`` are those of entities, by id."""

    taxonomy: Taxonomy
    playbooks: Playbooks
    names: Mapping[str, str]
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


def at(minute: int) -> datetime:
    """The start of ``minute``, minutes since the epoch, as a time in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def concretise(finding: Finding, minute: int, context: Context, recent: Recent) -> Alert:
    """The first revision, pending, of the alert that ``finding`` at the end of ``minute`` calls for.

    ``recent`` holds what was written before the window too: keywords are told against it.
    """
    lead = finding.lead
    leaners = [event.minute for event in lead.events if lead.surge.counts and leaning(event, lead.surge.measure)]
    started = min(leaners, default=minute + 1 - lead.surge.window)
    subject = parse_subject(lead.subject)
    identity = f"{finding.kind}\x1f{lead.subject}\x1f{minute}"  # a lapsed one and its successor may share their first text
    return Alert(
        id=hashlib.blake2b(identity.encode(), digest_size=12).hexdigest(),
        kind=finding.kind,
        state=AlertState.PENDING,
        subject=subject,
        started_at=at(started),
        detected_at=at(minute + 1),
        revision=1,
        updated_at=at(minute + 1),
        **_facts(finding, subject, minute, started, context, recent),
    )


def revise(alert: Alert, finding: Finding, minute: int, context: Context, recent: Recent) -> Alert:
    """The next revision of ``alert`` with what ``finding`` says at the end of ``minute``; its subject stays."""
    level = max(severity(finding.kind, finding.lead), alert.severity, key=list(Severity).index)
    facts = _facts(finding, alert.subject, minute, int(alert.started_at.timestamp()) // 60, context, recent)
    changes = {"severity": level, "updated_at": at(minute + 1), "revision": alert.revision + 1}
    return Alert(**{**_plain(alert), **facts, **changes})


def move(alert: Alert, state: AlertState, minute: int) -> Alert:
    """The next revision of ``alert``, in ``state`` from the end of ``minute``."""
    changes: dict[str, Any] = {"state": state, "updated_at": at(minute + 1), "revision": alert.revision + 1}
    if state == AlertState.RESOLVED:
        changes["resolved_at"] = at(minute + 1)
    if state == AlertState.FIRING:
        changes["detected_at"] = at(minute + 1)
    return Alert(**{**_plain(alert), **changes})


def _plain(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in type(alert).model_fields}


def _facts(finding: Finding, subject: Subject, minute: int, started: int, context: Context, recent: Recent) -> dict[str, Any]:
    """All that the windows say, of the lead; the plan is that of its topic, or of the best alternative that has one."""
    lead = finding.lead
    surge, support = lead.surge, lead.support
    topics = [parse_subject(one.subject).topic for one in finding.candidates]
    topic = subject.topic or next((name for name in topics if name), None)
    about = whole(lead.members, context.names) if lead.members else who(subject, topic, context.names, context.taxonomy)
    return {
        "severity": severity(finding.kind, lead),
        "headline": headline(Facts(finding.kind, surge, support), about),
        "observed": round(surge.observed, 3),
        "expected": round(surge.expected, 3),
        "ratio": round(surge.ratio, 2),
        "p_value": surge.p_value,
        "window_minutes": surge.window,
        "texts": support.texts,
        "authors": support.authors,
        "stories": support.stories,
        "sources": support.sources,
        "hypotheses": tuple(map(_ranked, finding.candidates[:ALTERNATIVES])),
        "evidence": evidence(lead.events, surge.measure),
        "keywords": _keywords(lead, subject, minute + 1 - KEPT_MINUTES, started, context, recent),
        "plan": context.playbooks.plan(topic, finding.kind),
    }


def _ranked(candidate: Candidate) -> Ranked:
    score = candidate.score
    return Ranked(subject=parse_subject(candidate.subject), score=round(score.total, 2), parts=score.parts)


def _keywords(lead: Candidate, subject: Subject, first: int, started: int, context: Context, recent: Recent) -> tuple[str, ...]:
    """The keywords of ``lead`` against what was written from minute ``first`` until its happening ``started``."""
    leaners = [event for event in lead.events if leaning(event, lead.surge.measure)]
    entity = subject.entity or ""
    names = [entity, context.names.get(entity, ""), *context.aliases.get(entity, ())]
    return keywords(leaners, before(lead, first, started, recent), [name for name in names if name])

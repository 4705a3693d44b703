"""Concretise: from a finding to an alert that a person can act on, with headline, evidence, deciding words and a plan."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from consumers.converger.evaluate import KINDS, Candidate, Finding
from consumers.converger.events import UNITS, Event, parse_subject
from consumers.converger.support import leaning
from groundswell.messages import Alert, AlertKind, AlertState, Bilingual, Evidence, Ranked, Severity, Stance, Subject
from model.taxonomy import Taxonomy

MAX_EVIDENCE = 5
MAX_KEYWORDS = 8
ALTERNATIVES = 5
CRITICAL = (6.0, 40)
"""Ratio and texts from which a negative surge is critical."""
WARNING = (3.0, 12)
KIND_NAMES = {
    AlertKind.NEGATIVE_SURGE: ("负面舆情激增", "Negative opinion surges"),
    AlertKind.POSITIVE_SURGE: ("正面舆情激增", "Positive opinion surges"),
}


def at(minute: int) -> datetime:
    """The start of ``minute``, minutes since the epoch, as a time in UTC."""
    return datetime.fromtimestamp(minute * 60, UTC)


def severity(kind: AlertKind, candidate: Candidate) -> Severity:
    """How much it matters, by ratio and support; good news is never more than information."""
    if kind != AlertKind.NEGATIVE_SURGE:
        return Severity.INFO
    ratio, texts = candidate.surge.ratio, candidate.support.texts
    for level, (least_ratio, least_texts) in ((Severity.CRITICAL, CRITICAL), (Severity.WARNING, WARNING)):
        if ratio >= least_ratio and texts >= least_texts:
            return level
    return Severity.INFO


def concretise(finding: Finding, minute: int, names: Mapping[str, str], taxonomy: Taxonomy) -> Alert:
    """The first revision, pending, of the alert that ``finding`` at the end of ``minute`` calls for.

    ``names`` gives the names of entities by id.
    """
    lead = finding.lead
    leaners = [event for event in lead.events if leaning(event, KINDS[finding.kind])]
    started = min((event.minute for event in leaners), default=minute)
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
        **_facts(finding, subject, names, taxonomy),
    )


def revise(alert: Alert, finding: Finding, minute: int, names: Mapping[str, str], taxonomy: Taxonomy) -> Alert:
    """The next revision of ``alert`` with what ``finding`` says at the end of ``minute``; its subject stays."""
    level = max(severity(finding.kind, finding.lead), alert.severity, key=list(Severity).index)
    facts = _facts(finding, alert.subject, names, taxonomy)
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


def _facts(finding: Finding, subject: Subject, names: Mapping[str, str], taxonomy: Taxonomy) -> dict[str, Any]:
    """All that the windows say, of the lead; the plan is that of its topic, or of the best alternative that has one."""
    lead = finding.lead
    topics = [parse_subject(one.subject).topic for one in finding.candidates]
    topic = subject.topic or next((name for name in topics if name), None)
    return {
        "severity": severity(finding.kind, lead),
        "headline": headline(finding, subject, topic, names, taxonomy),
        "observed": round(lead.surge.observed, 3),
        "expected": round(lead.surge.expected, 3),
        "ratio": round(lead.surge.ratio, 2),
        "p_value": lead.surge.p_value,
        "window_minutes": lead.surge.window,
        "texts": lead.support.texts,
        "authors": lead.support.authors,
        "stories": lead.support.stories,
        "sources": lead.support.sources,
        "hypotheses": tuple(
            Ranked(subject=parse_subject(one.subject), score=round(one.score, 2)) for one in finding.candidates[:ALTERNATIVES]
        ),
        "evidence": evidence(lead.events, KINDS[finding.kind]),
        "keywords": keywords(lead.events, KINDS[finding.kind]),
        "plan": _plan(topic, taxonomy),
    }


def headline(finding: Finding, subject: Subject, topic: str | None, names: Mapping[str, str], taxonomy: Taxonomy) -> Bilingual:
    """One line in both languages, from facts only."""
    lead = finding.lead
    kind_zh, kind_en = KIND_NAMES[finding.kind]
    zh, en = (taxonomy.topic(topic).zh, taxonomy.topic(topic).en) if topic in taxonomy.topics and topic else ("", "")
    name = names.get(subject.entity, subject.entity) if subject.entity else None
    who_zh = f"{name}（{zh}）" if name and zh else name or zh
    who_en = f"{name} ({en})" if name and en else name or en
    texts, window, ratio = lead.support.texts, lead.surge.window, lead.surge.ratio
    length_zh = f"{window} 分钟" if window < 60 else f"{window // 60} 小时"
    length_en = f"{window} minutes" if window < 60 else f"{window // 60} h"
    return Bilingual(
        zh=f"{who_zh}：{kind_zh}，{length_zh}内 {texts} 条，约为平时的 {ratio:.1f} 倍",
        en=f"{who_en}: {kind_en.lower()}, {texts} texts in {length_en}, {ratio:.1f} times the usual",
    )


def evidence(events: Sequence[Event], stance: str) -> tuple[Evidence, ...]:
    """Up to five stories, those with the most copies first, then the plainest; new sources go before known ones."""
    stories: dict[str, list[Event]] = {}
    for event in events:
        if leaning(event, stance):
            stories.setdefault(event.story, []).append(event)
    ranked = sorted(stories.values(), key=lambda copies: (-len(copies), -_mass(copies[0], stance), copies[0].text_id))
    chosen: list[list[Event]] = []
    for fresh in (True, False):
        for copies in ranked:
            known = {one[0].source for one in chosen}
            if len(chosen) < MAX_EVIDENCE and copies not in chosen and (copies[0].source not in known or not fresh):
                chosen.append(copies)
    return tuple(_exhibit(copies) for copies in sorted(chosen, key=ranked.index))


def _mass(event: Event, stance: str) -> int:
    return event.negative if stance == "negative" else event.positive


def _exhibit(copies: Sequence[Event]) -> Evidence:
    first = copies[0]
    return Evidence(
        excerpt=first.excerpt,
        source=first.source,
        url=next((event.url for event in copies if event.url), None),
        copies=len(copies),
        stance=Stance(negative=first.negative / UNITS, neutral=first.neutral / UNITS, positive=first.positive / UNITS),
        words=first.words,
    )


def keywords(events: Sequence[Event], stance: str) -> tuple[str, ...]:
    """The words that decided the stance of most stories, most frequent first."""
    counts: Counter[str] = Counter()
    told = set()
    for event in events:
        if leaning(event, stance) and event.story not in told:
            told.add(event.story)
            counts.update(set(event.words))
    return tuple(word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_KEYWORDS])


def _plan(topic: str | None, taxonomy: Taxonomy) -> tuple[Bilingual, ...]:
    chosen = taxonomy.topics.get(topic or "general") or taxonomy.topics["general"]
    return tuple(Bilingual(zh=zh, en=en) for zh, en in zip(chosen.plan_zh, chosen.plan_en, strict=True))

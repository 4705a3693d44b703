"""Evaluate, refine, select: from the trends and events of one happening to the explanation with the highest score.

A group is one happening to be told once: an entity across its topics, or a topic without an entity. Each subject of the
group is evaluated over several windows; what passes is refined to the texts that stand behind it; the highest score leads
and the others stay as ranked alternatives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from consumers.converger.events import Event
from consumers.converger.score import EVERYBODY, Score, score
from consumers.converger.support import Support, leaning, support
from consumers.converger.surge import Past, Surge, Thresholds, past, test
from consumers.converger.trend import WINDOWS, Trend
from groundswell.messages import AlertKind

LEAST_PAST = 12 * 60
"""Minutes of past without which nothing can be called unusual."""
KINDS = {AlertKind.NEGATIVE_SURGE: "negative", AlertKind.POSITIVE_SURGE: "positive"}
Gather = Callable[[str, int], Sequence[Event]]
"""Gives the events of a subject in the last so many minutes before the minute that is evaluated."""


@dataclass(frozen=True)
class Candidate:
    """One explanation: a subject, its surge, what stands behind it, and the score."""

    subject: str
    surge: Surge
    support: Support
    events: Sequence[Event]

    credibility: Mapping[str, float] = field(default_factory=dict)

    @property
    def score(self) -> Score:
        """Surprise times support times diversity times credibility of the sources of what leans to the stance."""
        sources = (event.source for event in self.events if leaning(event, self.surge.stance))
        return score(self.surge.p_value, self.support, sources, self.credibility)


@dataclass(frozen=True)
class Finding:
    """The explanations of one happening, the best first."""

    kind: AlertKind
    candidates: tuple[Candidate, ...]

    @property
    def lead(self) -> Candidate:
        """The explanation with the highest score."""
        return self.candidates[0]


def evaluate(
    trends: Mapping[str, Trend],
    gather: Gather,
    end: int,
    origin: int,
    kind: AlertKind,
    thresholds: Thresholds,
    credibility: Mapping[str, float] = EVERYBODY,
) -> Finding | None:
    """The finding of ``kind`` in the windows that end at minute ``end`` over the subjects of one group, if any passes."""
    stance = KINDS[kind]
    found = []
    for subject, trend in sorted(trends.items()):
        candidate = _best(subject, trend, gather, end, origin, stance, thresholds, credibility)
        if candidate:
            found.append(candidate)
    if not found:
        return None
    return Finding(kind, tuple(sorted(found, key=lambda one: (-one.score.total, one.subject))))


def _best(
    subject: str,
    trend: Trend,
    gather: Gather,
    end: int,
    origin: int,
    stance: str,
    thresholds: Thresholds,
    credibility: Mapping[str, float],
) -> Candidate | None:
    """The window of ``subject`` that says most: first by the plain counts, then by the heads behind them."""
    passed = []
    for length in WINDOWS:
        observed = trend.window(end, length)
        if observed.mass(stance) < thresholds.texts:
            continue  # damping only lowers the mass
        if end - length - origin < LEAST_PAST:
            continue
        behind = past(trend, stance, end - length, origin)
        if test(behind, stance, end, length, observed).p_value <= thresholds.p_value:
            candidate = replace(_refine(subject, behind, gather, end, stance, length), credibility=credibility)
            if candidate.surge.passes(thresholds) and candidate.support.authors >= thresholds.authors:
                passed.append(candidate)
    return max(passed, key=lambda one: one.score.total, default=None)


def _refine(subject: str, behind: Past, gather: Gather, end: int, stance: str, length: int) -> Candidate:
    """The candidate whose masses are damped by author and story."""
    events = gather(subject, length)
    backing = support(events, stance)
    return Candidate(subject, test(behind, stance, end, length, backing.counts), backing, events)

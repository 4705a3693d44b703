"""Refine: what stands behind the unusual windows, by heads instead of texts, and whether the market explains them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from consumers.converger.budget import shared
from consumers.converger.counts import Counts
from consumers.converger.evaluate import Unusual
from consumers.converger.events import Event
from consumers.converger.market import SUBJECT, Move
from consumers.converger.memory import Memory
from consumers.converger.recent import WINDOWS
from consumers.converger.score import EVERYBODY, Score, score
from consumers.converger.support import Support, leaning, support, without_loudest
from consumers.converger.surge import Surge, Thresholds, share_p_value, surge_of


@dataclass(frozen=True)
class Candidate:
    """One explanation: a subject, its surge, and what stands behind it; the members of a move of the whole market."""

    subject: str
    surge: Surge
    support: Support
    events: Sequence[Event]
    share_p_value: float = 0.0
    """The probability of so large a share of the stance."""
    members: tuple[str, ...] = ()
    credibility: Mapping[str, float] = field(default_factory=dict)

    @property
    def score(self) -> Score:
        """Surprise times support times diversity times credibility of the sources of what leans to the stance."""
        sources = (event.source for event in self.events if leaning(event, self.surge.measure))
        return score(self.surge.p_value, self.support, sources, self.credibility)

    def passes(self, thresholds: Thresholds) -> bool:
        """Whether it is over all of ``thresholds``."""
        return (
            self.surge.passes(thresholds)
            and self.share_p_value <= thresholds.share
            and self.support.texts >= thresholds.texts
            and self.support.authors >= thresholds.authors
        )


def refine(
    unusual: Iterable[Unusual],
    group: Mapping[str, Memory],
    end: int,
    thresholds: Thresholds,
    credibility: Mapping[str, float] = EVERYBODY,
    factor: float = 1.0,
) -> list[Candidate]:
    """The candidates whose windows are still unusual when one author, or one story, counts at most logarithmically.

    A stance has to stand out of the texts as well: more of all stances alike is more volume. It is expected to have ``factor``
    times its share of the past. A topic has to be unusual without the entity that has most of it, too: what happens to one is
    told of that one.
    """
    found = []
    for one in unusual:
        events = group[one.subject].recent.within(end, min(one.surge.window, WINDOWS[-1]))
        candidate = _candidate(one, group[one.subject], end, events, credibility, factor)
        over = thresholds.of(candidate.surge, shared(one.subject, len(group)))
        if not candidate.passes(over):
            continue
        rest = without_loudest(events, one.surge.measure)
        if len(rest) == len(events) or _candidate(one, group[one.subject], end, rest, credibility, factor).passes(over):
            found.append(candidate)
    return found


def _candidate(
    one: Unusual, memory: Memory, end: int, events: Sequence[Event], credibility: Mapping[str, float], factor: float
) -> Candidate:
    """What is unusual, by the heads behind ``events``."""
    surge, backing, share = one.surge, support(events, one.surge.measure), 0.0
    if surge.counts:
        surge = surge_of(memory, surge.measure, end, surge.window, backing.counts, factor)
        share = _share_p_value(memory, surge, end, backing.counts)
    return Candidate(one.subject, surge, backing, events, share, credibility=credibility)


def _share_p_value(memory: Memory, surge: Surge, end: int, counts: Counts) -> float:
    """The probability of so large a share among ``counts``, which the test of ``surge`` may have needed already."""
    if surge.share_p_value is not None:
        return surge.share_p_value
    return share_p_value(memory, surge.measure, end - surge.window, counts, surge.factor)


def whole_market(moves: Iterable[Move], subjects: Mapping[str, Memory], end: int, thresholds: Thresholds) -> list[Candidate]:
    """The candidates that ``moves`` of the market are, with their entities, those that rose most first."""
    found = []
    for move in moves:
        if move.surge.passes(thresholds):
            names = tuple(one.subject for one in move.risen)
            events = {one.text_id: one for name in names for one in subjects[name].recent.within(end, move.window)}
            told = [events[key] for key in sorted(events)]
            found.append(Candidate(SUBJECT, move.surge, support(told, move.measure), told, members=names))
    return found

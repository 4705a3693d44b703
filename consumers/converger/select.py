"""Select: the explanation with the highest score leads, the others stay as ranked alternatives."""

from collections.abc import Iterable
from dataclasses import dataclass

from consumers.converger.refine import Candidate
from groundswell.messages import AlertKind


@dataclass(frozen=True)
class Finding:
    """The explanations of one happening, the best first."""

    kind: AlertKind
    candidates: tuple[Candidate, ...]

    @property
    def lead(self) -> Candidate:
        """The explanation with the highest score."""
        return self.candidates[0]


def select(kind: AlertKind, candidates: Iterable[Candidate]) -> Finding | None:
    """The finding of ``kind``: the best window of each subject, in order of their scores; None without candidates."""
    best: dict[str, Candidate] = {}
    for one in candidates:
        if one.subject not in best or one.score.total > best[one.subject].score.total:
            best[one.subject] = one
    ranked = sorted(best.values(), key=lambda one: (-one.score.total, one.subject))
    return Finding(kind, tuple(ranked)) if ranked else None

"""How much an alert matters, by its kind, its ratio and its support, and when it is told anew."""

from consumers.converger.refine import Candidate
from consumers.converger.select import Finding
from groundswell.messages import Alert, AlertKind, Severity

CRITICAL = (6.0, 40)
"""Ratio and texts from which a negative surge is critical."""
WARNING = (3.0, 12)
SHIFT_WARNING = (2.0, 40)
"""The same for a shift to the negative, whose ratio is one of shares."""


def severity(kind: AlertKind, candidate: Candidate) -> Severity:
    """How much it matters, by ratio and support; what is not bad news is never more than information."""
    levels: tuple[tuple[Severity, tuple[float, int]], ...] = ()
    if kind == AlertKind.NEGATIVE_SURGE:
        levels = ((Severity.CRITICAL, CRITICAL), (Severity.WARNING, WARNING))
    elif kind == AlertKind.STANCE_SHIFT and candidate.surge.measure == "negative":
        levels = ((Severity.WARNING, SHIFT_WARNING),)
    for level, (least_ratio, least_texts) in levels:
        if candidate.surge.ratio >= least_ratio and candidate.support.texts >= least_texts:
            return level
    return Severity.INFO


def worth_telling(alert: Alert, finding: Finding) -> bool:
    """Whether ``finding`` says more than ``alert`` has told: it is graver, or there are twice the texts."""
    graver = list(Severity).index(severity(finding.kind, finding.lead)) > list(Severity).index(alert.severity)
    return graver or finding.lead.support.texts >= 2 * max(alert.texts, 1)

"""An alert made up for tests: a firing surge of one entity; every field can be given."""

from datetime import UTC, datetime
from typing import Any

from groundswell.messages import Alert

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def alert_of(at: datetime = NOON, **fields: Any) -> Alert:
    """The alert, begun, found and changed ``at``."""
    subject = fields.get("subject", {"entity": "acme"})
    plain: dict[str, Any] = {
        "id": "a1",
        "kind": "negative_surge",
        "state": "firing",
        "severity": "critical",
        "subject": subject,
        "headline": {"zh": "负面舆情激增", "en": "negative surge"},
        **dict.fromkeys(("started_at", "detected_at", "updated_at"), at),
        "observed": 40,
        "expected": 4,
        "ratio": 10,
        "p_value": 1e-9,
        "window_minutes": 15,
        "texts": 40,
        "authors": 20,
        "stories": 12,
        "sources": 3,
        "hypotheses": [{"subject": subject, "score": 1.0}],
        "evidence": [],
        "revision": 1,
    }
    return Alert(**{**plain, **fields})

"""What people say of alerts, as rows of the users' own labels.

An alert found right makes its evidence weak labels of the stance that it told. Of an alert found wrong nobody knows what
its evidence really says: it is to be labelled, before anything else.
"""

from groundswell.messages import Alert, AlertKind
from model.own import WEAK, OwnRow, Verdict

STANCE = {AlertKind.NEGATIVE_SURGE: "negative", AlertKind.POSITIVE_SURGE: "positive"}
"""The kinds of alerts that tell a stance; of others, being right labels no text."""


def rows_of(alert: Alert, verdict: Verdict, note: str | None = None) -> list[OwnRow]:
    """One row for each story among the evidence of ``alert``; none for a right alert that tells no stance."""
    stance = STANCE.get(alert.kind) if verdict == "right" else None
    if verdict == "right" and stance is None:
        return []
    return [
        OwnRow.model_validate(
            {"text": one.excerpt, "stance": stance, "alert": alert.id, "verdict": verdict, "note": note}
            | ({"weight": WEAK} if stance else {})
        )
        for one in alert.evidence
        if one.excerpt.strip()
    ]

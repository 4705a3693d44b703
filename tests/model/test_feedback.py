"""Feedback: an alert's evidence as rows."""

from groundswell.messages import AlertKind
from model.feedback import rows_of
from tests.groundswell.conftest import EVIDENCE, surge


def test_evidence_of_a_right_alert_is_weakly_of_its_stance() -> None:
    rows = rows_of(surge("a"), "right", "seen")
    assert [(row.text, row.stance, row.weight, row.note) for row in rows] == [
        (text, "negative", 0.2, "seen") for text in EVIDENCE
    ]
    assert {row.stance for row in rows_of(surge("a", AlertKind.POSITIVE_SURGE), "right")} == {"positive"}


def test_evidence_of_a_wrong_alert_is_unlabelled() -> None:
    rows = rows_of(surge("a"), "wrong")
    assert [(row.text, row.labelled, row.alert, row.verdict) for row in rows] == [
        (text, False, "a", "wrong") for text in EVIDENCE
    ]


def test_a_right_alert_of_volume_labels_nothing() -> None:
    assert rows_of(surge("a", AlertKind.VOLUME_SURGE), "right") == []

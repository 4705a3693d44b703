"""Alerts as people see them."""

import io
from datetime import UTC, datetime

from rich.console import Console, RenderableType

from groundswell import alerts
from groundswell.messages import Acknowledgement
from tests.alerts import alert_of


def read(shown: RenderableType) -> str:
    """What a terminal shows, without the frames and breaks of lines."""
    console = Console(width=120, file=io.StringIO())
    with console.capture() as capture:
        console.print(shown)
    return " ".join(capture.get().replace("│", " ").split())


def test_a_table_shows_as_much_of_an_id_as_acknowledging_needs() -> None:
    shown = read(alerts.table([alert_of(id="3f9c21d0a6b84e57c0d1e2f3")]))
    assert "3f9c21d0 " in shown
    assert "3f9c21d0a" not in shown


def test_an_alert_says_who_took_it_on_that_it_flaps_and_why_it_was_closed() -> None:
    by = Acknowledgement(by="mei", at=datetime(2026, 3, 2, 12, 5, tzinfo=UTC), note="calling the bank")
    shown = read(alerts.card(alert_of(acknowledgement=by, flapping=True, resolution="no_data")))
    assert "acknowledged by mei at 2026-03-02 12:05 UTC: calling the bank" in shown
    assert "the same fired several times lately" in shown
    assert "closed because no texts came any more" in shown
    plain = read(alerts.card(alert_of(resolution="calm")))
    assert not [word for word in ("acknowledged by", "several times", "no texts came") if word in plain]

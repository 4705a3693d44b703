"""What a change in the life of an alert makes of the alert that people see: each gives the next revision."""

from consumers.converger.concretise import move
from consumers.converger.life import Life, Phase, acknowledge, reopen
from groundswell.messages import Acknowledgement, Alert, AlertState, Severity


def fires(alert: Alert, revised: Alert, minute: int, *, flapping: bool) -> Alert:
    """``alert`` begins to fire with what ``revised`` says of it."""
    return move(revised, AlertState.FIRING, minute).model_copy(update={"revision": alert.revision + 1, "flapping": flapping})


def ends(alert: Alert, life: Life | None, minute: int) -> Alert:
    """``alert`` is over: for calm, or, as ``life`` says, for want of data that could tell."""
    unheard = life is not None and life.dry_since is not None
    return move(alert, AlertState.RESOLVED, minute).model_copy(update={"resolution": "no_data" if unheard else "calm"})


def reconsider(life: Life, alert: Alert, revised: Alert, minute: int) -> tuple[Life, Alert]:
    """Life and alert where ``revised`` says more of what fires; the alert as it was where that is not worth telling.

    Twice the texts, or more severity, is. Of what is acknowledged only the severity is told. An acknowledgement was given to
    something less where it becomes critical, and ends: the alert fires again.
    """
    worse = revised.severity != alert.severity
    if alert.state == AlertState.FIRING:
        return life, revised if worse or revised.texts >= 2 * alert.texts else alert
    if not worse:
        return life, alert
    if revised.severity != Severity.CRITICAL:
        return life, revised
    return reopen(life, minute), revised.model_copy(update={"state": AlertState.FIRING, "acknowledgement": None})


def acknowledged(life: Life, alert: Alert, by: Acknowledgement, minute: int) -> tuple[Life, Alert]:
    """Life and alert after ``by`` took it on at the end of ``minute``; unchanged where the alert does not fire."""
    if life.phase != Phase.FIRING or alert.state != AlertState.FIRING:
        return life, alert
    return acknowledge(life, minute), move(alert, AlertState.ACKNOWLEDGED, minute).model_copy(update={"acknowledgement": by})

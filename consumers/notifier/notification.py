"""Notifications: what a subscription is told of an alert, once each."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consumers.notifier.subscription import SEVERITIES, Subscription
from groundswell.messages import Alert, AlertKind, AlertState, Bilingual, Ranked, Severity, Subject


class Occasion(StrEnum):
    """Why people are told."""

    FIRING = "firing"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    TEST = "test"
    """No alert at all: someone tries whether the channel works."""


@dataclass(frozen=True)
class Notification:
    """One thing to tell one subscription; the receiver knows a repetition by ``key``."""

    key: str
    occasion: Occasion
    alert: Alert
    subscription: Subscription


def key_of(subscription: Subscription, alert: Alert, occasion: Occasion) -> str:
    """The idempotency key, 32 hexadecimal digits: the same however often the alert or a revision of it is read.

    An escalation is told once for each severity, an acknowledgement once for each that is given.
    """
    parts = [subscription.id, alert.id, occasion.value]
    if occasion is Occasion.ESCALATED:
        parts.append(alert.severity.value)
    if occasion is Occasion.ACKNOWLEDGED and alert.acknowledgement:
        parts.append(alert.acknowledgement.at.isoformat())
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def told_as(alert: Alert, told: Severity | None) -> Occasion | None:
    """On which occasion ``alert`` is told to who was told of it at severity ``told`` (none: not yet); none: on none.

    Pending alerts are told to nobody, an acknowledgement and a resolution only to those who were told of the alert.
    """
    if alert.state is AlertState.FIRING:
        if told is None:
            return Occasion.FIRING
        return Occasion.ESCALATED if SEVERITIES.index(alert.severity) > SEVERITIES.index(told) else None
    if told is None:
        return None
    return {AlertState.ACKNOWLEDGED: Occasion.ACKNOWLEDGED, AlertState.RESOLVED: Occasion.RESOLVED}.get(alert.state)


def sample(subscription: Subscription, now: datetime) -> Notification:
    """A test message for ``subscription``: an alert that says of itself that it is none."""
    subject = Subject(entity="groundswell-test")
    alert = Alert(
        id=f"test-{subscription.id}",
        kind=AlertKind.NEGATIVE_SURGE,
        state=AlertState.FIRING,
        severity=Severity.INFO,
        subject=subject,
        headline=Bilingual(zh="Groundswell 测试消息，并非真实预警", en="Test message of Groundswell, not a real alert"),
        started_at=now,
        detected_at=now,
        updated_at=now,
        observed=0,
        expected=0,
        ratio=1,
        p_value=1,
        window_minutes=1,
        texts=0,
        authors=0,
        stories=0,
        sources=0,
        hypotheses=(Ranked(subject=subject, score=0),),
        evidence=(),
        revision=1,
    )
    key = hashlib.blake2b(f"{alert.id}{now.isoformat()}".encode(), digest_size=16).hexdigest()
    return Notification(key, Occasion.TEST, alert, subscription)

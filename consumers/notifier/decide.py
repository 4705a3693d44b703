"""Who is told what of a revision of an alert, and whether now: pure but for what is counted and logged."""

from collections.abc import Sequence

from consumers.notifier.delivery_queue import Delivery, Telling
from consumers.notifier.holding import Hold, holding
from consumers.notifier.notification import key_of, told_as
from consumers.notifier.subscription import SEVERITIES, Subscription
from groundswell import metrics
from groundswell.log import get
from groundswell.messages import Alert, AlertState, Severity

log = get("notifier")


def telling(
    offset: int,
    stamp_ms: int,
    alert: Alert,
    subscriptions: Sequence[Subscription],
    told: dict[str, Severity],
    in_force: Sequence[Hold],
) -> Telling:
    """What is to be told of ``alert`` now; where something holds it back, that it is put aside, if anyone would be told."""
    hold = holding(alert, in_force)
    if hold is None:
        return Telling(offset, stamp_ms, alert, deliveries(alert, subscriptions, told))
    due = deliveries(alert, subscriptions, dict(told))
    if due:
        metrics.NOTIFICATIONS_HELD.labels(hold.sort).inc(len(due))
        log.info("held back", alert=alert.id, by=hold.name, notifications=len(due))
    return Telling(offset, stamp_ms, alert, held=bool(due))


def since(subscriptions: Sequence[Subscription], stamp_ms: int) -> list[Subscription]:
    """Those that were there when a record came."""
    return [one for one in subscriptions if stamp_ms >= one.created_at.timestamp() * 1000]


def deliveries(alert: Alert, subscriptions: Sequence[Subscription], told: dict[str, Severity]) -> tuple[Delivery, ...]:
    """What each of ``subscriptions`` is to be told of ``alert``.

    ``told`` has the highest severity at which each was told of it before, by its id, and is brought up to date.
    """
    found = []
    for one in subscriptions:
        occasion = told_as(alert, told.get(one.id))
        if occasion is None or not _wants(one, alert):
            continue
        told[one.id] = max(alert.severity, told.get(one.id, alert.severity), key=SEVERITIES.index)
        found.append(Delivery(key_of(one, alert, occasion), one, occasion, told[one.id]))
    return tuple(found)


def _wants(subscription: Subscription, alert: Alert) -> bool:
    """Whether the filter lets ``alert`` through; whoever was told of an alert hears who took it on and of its end."""
    if alert.state in {AlertState.RESOLVED, AlertState.ACKNOWLEDGED}:
        return True
    return subscription.filter.concerns(alert) and subscription.filter.grave_enough(alert.severity)

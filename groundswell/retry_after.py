"""What a server asks for in a Retry-After header (RFC 9110, 10.2.3)."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from groundswell.clock import Clock


def seconds_asked(value: str | None, clock: Clock) -> float | None:
    """Seconds from now, never under 0, that ``value`` asks to wait, be it a number or a date; none where it is neither."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        if until.tzinfo is None:  # the zone -0000: UTC, and nothing known of the place
            until = until.replace(tzinfo=UTC)
        return max((until - clock.now()).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None

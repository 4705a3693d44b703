"""Stretches of the days of a week, on the clocks of a place, and the dates on which they do not take place."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from consumers.notifier.subscription import Part

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
LONGEST_RANGE = 400
"""Days that one range of dates may have."""


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _days(value: Any) -> list[int]:
    """Days of the week from 0, Monday, of names and ranges: ``mon-fri``, ``sat, sun``."""
    found: list[int] = []
    for part in _listed(value):
        first, _, last = str(part).lower().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{part!r} is no day: write mon, tue … or a range such as mon-fri")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))]
    return found


def _minute(value: Any) -> int:
    """Minutes since midnight of a time such as ``09:15``; ``24:00`` is the end of a day."""
    hours, colon, minutes = str(value).partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60):
        raise ValueError(f"{value!r} is no time of day: write 09:15")
    minute = int(hours) * 60 + int(minutes)
    if minute > MIDNIGHT:
        raise ValueError(f"{value!r} is past midnight: a window that ends the next day ends at a time before it begins")
    return minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def dates(value: Any) -> frozenset[date]:
    """The dates of a list of dates and ranges: ``2026-10-01..2026-10-08``; ValueError where there is none."""
    found: list[date] = []
    for part in _listed(value):
        first, _, last = str(part).partition("..")
        try:
            begin, end = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
        except ValueError:
            raise ValueError(f"{part!r} is no date: write 2026-10-01, or 2026-10-01..2026-10-08") from None
        if not timedelta() <= end - begin < timedelta(days=LONGEST_RANGE):
            raise ValueError(f"{part!r}: a range ends after it begins, within {LONGEST_RANGE} days")
        found += [begin + timedelta(days=day) for day in range((end - begin).days + 1)]
    return frozenset(found)


class Window(Part):
    """A stretch of some days of the week; one that ends at a time before it begins ends the next day."""

    days: Annotated[frozenset[int], BeforeValidator(_days)] = frozenset(range(7))
    begin: Annotated[int, BeforeValidator(_minute), Field(alias="from")]
    end: Annotated[int, BeforeValidator(_minute), Field(alias="to")]

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.begin == self.end:
            raise ValueError("a window from a time to the same time is none: write 00:00 to 24:00 for a whole day")
        return self

    def covers(self, there: datetime, never: frozenset[date]) -> bool:
        """Whether the time ``there``, on the clocks of the place, is within; ``never``: dates on which it does not begin."""
        minute, today = there.hour * 60 + there.minute, there.date()
        if self.begin < self.end:
            return self.begin <= minute < self.end and self._begins(today, never)
        if minute >= self.begin:
            return self._begins(today, never)
        return minute < self.end and self._begins(today - timedelta(days=1), never)

    def __str__(self) -> str:
        days = "daily" if len(self.days) == len(DAYS) else ", ".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {_clock(self.begin)}-{_clock(self.end)}"

    def _begins(self, day: date, never: frozenset[date]) -> bool:
        return day.weekday() in self.days and day not in never

"""Recurring times in which alerts are held back: maintenance, or all but the trading hours; from a YAML file.

    holds:
      - name: a-shares                  # notices on A-shares wait for the opening
        why: nobody trades
        match: {entities: ["*.SH", "*.SZ"], severity: info}
        zone: Asia/Shanghai
        outside: [{days: mon-fri, from: 09:15, to: 15:00}]
        except: [2026-10-01..2026-10-08]
      - name: maintenance
        why: the feeds are restarted
        zone: Europe/London
        during: [{days: sun, from: 02:00, to: 04:00}]

``during`` holds back within the windows, ``outside`` at all other times. On the dates of ``except`` the windows that begin then
do not take place: a holiday has no trading hours. Times are those on the clocks of the zone, whatever they are set to.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from consumers.notifier.holding import Matcher, Why
from consumers.notifier.subscription import Name, Part, known_zone
from groundswell.errors import FatalError
from groundswell.messages import first_line

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


def _dates(value: Any) -> Iterator[date]:
    """The dates of a list of dates and ranges: ``2026-10-01..2026-10-08``."""
    for part in _listed(value):
        first, _, last = str(part).partition("..")
        try:
            begin, end = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
        except ValueError:
            raise ValueError(f"{part!r} is no date: write 2026-10-01, or 2026-10-01..2026-10-08") from None
        if not timedelta() <= end - begin < timedelta(days=LONGEST_RANGE):
            raise ValueError(f"{part!r}: a range ends after it begins, within {LONGEST_RANGE} days")
        yield from (begin + timedelta(days=day) for day in range((end - begin).days + 1))


def _date_set(value: Any) -> frozenset[date]:
    return frozenset(_dates(value))


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


class Recurring(Part):
    """A matcher with windows that come back each week."""

    name: Name
    why: Why
    match: Matcher = Matcher()
    zone: str
    during: tuple[Window, ...] = ()
    outside: tuple[Window, ...] = ()
    never: Annotated[frozenset[date], BeforeValidator(_date_set), Field(alias="except")] = frozenset()

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return known_zone(value)

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if bool(self.during) == bool(self.outside):
            raise ValueError("give windows either as during or as outside")
        return self

    @property
    def sort(self) -> str:
        """From the calendar."""
        return "calendar"

    @property
    def by(self) -> str:
        """The calendar, which stands for whoever wrote it."""
        return self.sort

    @property
    def when(self) -> str:
        """The windows in words."""
        windows = "; ".join(map(str, self.during or self.outside))
        return f"{'during' if self.during else 'outside'} {windows} ({self.zone})"

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at ``moment``."""
        there = moment.astimezone(ZoneInfo(self.zone))
        within = any(window.covers(there, self.never) for window in self.during or self.outside)
        return within if self.during else not within


class _File(Part):
    holds: Annotated[tuple[Recurring, ...], Field(max_length=1_000)]


def read(path: Path) -> tuple[Recurring, ...]:
    """The recurring holds in the file ``path``; FatalError in one line where it cannot be read."""
    try:
        # The base loader leaves 09:15 and dates the strings that they are.
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
        holds = _File.model_validate(document).holds
    except OSError as error:
        raise FatalError(f"notifier.calendar {path}: {error.strerror}: give the path of a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FatalError(f"notifier.calendar {path}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise FatalError(f"notifier.calendar {path}: {first_line(error)}") from None
    _refuse_twins(path, (one.name for one in holds))
    return holds


def _refuse_twins(path: Path, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FatalError(f"notifier.calendar {path}: two holds are called {name}: give each a name of its own")
        seen.add(name)

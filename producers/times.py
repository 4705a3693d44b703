"""Times as sources write them, to aware times in UTC.

Read are ISO 8601, year-first dates with ``/`` or ``-``, epoch seconds or milliseconds (from 1e11 on), and
RFC 2822. A naive time means the wall clock of the source's zone and is refused without one. Where clocks go back, the
first of the two moments is meant; a time that clocks skip moves on by the length of the gap. A date alone is its
midnight. A zone's abbreviation is first looked for in the source's own zone (CST in Asia/Shanghai is UTC+8), then among
those of RFC 2822 (CST is UTC-6), else refused.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from groundswell.errors import FatalError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 1e11
LONGEST = 80

_NUMBER = re.compile(r"-?[0-9]{9,13}(\.[0-9]{1,9})?")
_SPACED_OFFSET = re.compile(r"\s+(?:(?P<utc>Z|UTC|GMT)|(?P<offset>[+-][0-9]{2}:?[0-9]{2}))$")
_YEAR_FIRST = re.compile(
    r"(?P<date>[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2})(?:[T ]\s*(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_RFC_2822 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?[0-9]{1,2}[\s-][A-Za-z]{3,9}[\s-][0-9]{2,4}\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    r"(?:\s+(?P<zone>[A-Za-z]{1,5}|[+-][0-9]{4}))?(?:\s*\([^)]*\))?"
)
_UTC_NAMES = frozenset({"GMT", "UT", "UTC", "Z"})
_RFC_HOURS = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


class NaiveTimeError(ValueError):
    """A time without an offset from a source without a zone; the caller knows where a zone is set."""


def zone(name: str) -> ZoneInfo:
    """The time zone ``name``, such as Asia/Shanghai; FatalError in one line where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FatalError(f"zone {name!r}: no such time zone; use an IANA name such as Asia/Shanghai") from None


def parse_time(value: object, source_zone: tzinfo | None) -> datetime:
    """``value`` as an aware time in UTC; naive times are read in ``source_zone``.

    Raises NaiveTimeError for a naive time without a zone, ValueError with one line for anything that is no time between
    1970 and 2200.
    """
    try:
        moment = _read(value, source_zone)
        if moment.tzinfo is None:
            if source_zone is None:
                raise NaiveTimeError(f"{_shown(value)} has no zone")
            moment = moment.replace(tzinfo=source_zone)
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{_shown(value)} is no time between 1970 and 2200") from None
    if not EPOCH <= moment < LATEST:
        raise ValueError(f"{_shown(value)} is no time between 1970 and 2200")
    return moment


def _read(value: object, source_zone: tzinfo | None) -> datetime:
    match value:
        case datetime():
            return value
        case int() | float() if not isinstance(value, bool):
            return _from_epoch(value)
        case str() if len(value) <= LONGEST:
            return _from_string(value.strip(), source_zone)
        case _:
            raise ValueError(f"{_shown(value)} is no time")


def _from_epoch(number: float) -> datetime:
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        raise ValueError("NaN is no time")
    milliseconds = abs(number) >= MILLISECONDS_FROM
    return EPOCH + (timedelta(milliseconds=number) if milliseconds else timedelta(seconds=number))


def _from_string(text: str, source_zone: tzinfo | None) -> datetime:
    if _NUMBER.fullmatch(text):
        return _from_epoch(float(text))
    if mail := _RFC_2822.fullmatch(text):
        return _from_mail(text, mail["zone"], source_zone)
    tidy = _SPACED_OFFSET.sub(lambda found: "Z" if found["utc"] else found["offset"], text)
    if year_first := _YEAR_FIRST.fullmatch(tidy):
        return _from_year_first(text, year_first)
    try:
        return datetime.fromisoformat(tidy)
    except ValueError:
        raise ValueError(_not_read(text)) from None


def _from_year_first(text: str, found: re.Match[str]) -> datetime:
    year, month, day = (int(part) for part in re.split("[-/]", found["date"]))
    hour, minute, second = (int(part) for part in f"{found['clock'] or '0:0'}:0".split(":")[:3])
    try:
        naive = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the caller gives it its zone
        return naive.replace(tzinfo=_offset(found["offset"])) if found["offset"] else naive
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is no time: {error}") from None


def _from_mail(text: str, name: str | None, source_zone: tzinfo | None) -> datetime:
    fields = parsedate(text)
    try:
        if fields is None:
            raise ValueError("unknown month or day")  # noqa: TRY301 - reworded below like what datetime refuses
        naive = datetime(*fields[:6])  # noqa: DTZ001 - given its zone below
        return naive if name is None else naive.replace(tzinfo=_named(name, naive, source_zone))
    except ValueError as error:
        raise ValueError(f"{_shown(text)} is no time: {error}") from None


def _named(name: str, naive: datetime, source_zone: tzinfo | None) -> tzinfo:
    if name[0] in "+-":
        return _offset(name)
    upper = name.upper()
    if upper in _UTC_NAMES:
        return UTC
    if source_zone is not None and naive.replace(tzinfo=source_zone).tzname() == upper:
        return source_zone
    if upper in _RFC_HOURS:
        return timezone(timedelta(hours=_RFC_HOURS[upper]))
    raise ValueError(f"unknown zone {name}; write the offset, such as +0800")


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _not_read(text: str) -> str:
    return f"{_shown(text)} is no time; write ISO 8601 (2026-03-09T09:30:00+08:00), epoch seconds or RFC 2822"


def _shown(value: object) -> str:
    shown = value.isoformat() if isinstance(value, datetime) else value
    return ascii(shown)[:LONGEST]

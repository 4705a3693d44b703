"""One row of a source (a JSON object, a CSV row, a line) to a Text, or to an error that names field and mend."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from pydantic import ValidationError

from groundswell.clock import Clock
from groundswell.messages import Kind, Text
from producers.times import NaiveTimeError, parse_time

ZONE_BY_FLAG = "write its offset (+08:00) or name the source's zone (--zone Asia/Shanghai)"
ZONE_BY_CALLER = "write its offset, such as 2026-03-09T09:30:00+08:00"


class RowError(ValueError):
    """Why a row is no text: ``field`` (none: the row as a whole) and ``reason``, which says how to mend it."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the rows of a source leave out.

    ``now``: a row without a time of its own is published now. ``zone`` is that of naive times.
    """

    source: str | None = None
    kind: Kind | None = None
    lang: str | None = None
    zone: tzinfo | None = None
    now: bool = False
    zone_mend: str = ZONE_BY_FLAG


def json_object(line: str | bytes) -> dict[str, object]:
    """The JSON object in ``line``; RowError where there is none, NaN and endless nesting among the reasons."""
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise RowError(None, f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise RowError(None, "not JSON that can be read: nested too deep") from None
    except UnicodeDecodeError as error:
        raise RowError(None, f"not UTF-8: {error.reason} at byte {error.start + 1}") from None
    except ValueError as error:
        raise RowError(None, f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise RowError(None, f"a JSON {_JSON_NAMES[type(value)]}, not an object: write one object a line")
    return value


_JSON_NAMES: dict[type, str] = {
    list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null",
}  # fmt: skip


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def to_text(fields: Mapping[str, object], defaults: Defaults, clock: Clock) -> Text:
    """The Text of ``fields``: defaults filled in, times in UTC, so that the id does not hang on how they were written.

    Raises RowError.
    """
    row = {name: value for name, value in fields.items() if value is not None}
    for name in ("source", "kind", "lang"):
        value = getattr(defaults, name)
        if value is not None:
            row.setdefault(name, value)
    now = clock.now()
    if "published_at" not in row:
        if not defaults.now:
            raise RowError("published_at", "missing: give when the text was published")
        row["published_at"] = now
    row.setdefault("ingested_at", now)
    for name in ("published_at", "ingested_at"):
        row[name] = _time(name, row[name], defaults)
    try:
        return Text.model_validate(row)
    except ValidationError as error:
        raise _row_error(error) from None


def _time(name: str, value: object, defaults: Defaults) -> object:
    try:
        return parse_time(value, defaults.zone)
    except NaiveTimeError as error:
        raise RowError(name, f"{error}: {defaults.zone_mend}") from None
    except ValueError as error:
        raise RowError(name, str(error)) from None


def _row_error(error: ValidationError) -> RowError:
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(ascii(part)[1:-1] if isinstance(part, str) else str(part) for part in first["loc"])[:100] or None
    match first["type"]:
        case "missing":
            return RowError(field, "missing: every text needs it")
        case "extra_forbidden":
            return RowError(field, f"no such field; the fields of a text are {', '.join(Text.model_fields)}")
        case _:
            return RowError(field, first["msg"].removeprefix("Value error, "))

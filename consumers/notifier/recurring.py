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

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from consumers.notifier.holding import Matcher, Why
from consumers.notifier.subscription import Name, Part, known_zone
from consumers.notifier.windows import Window, dates
from groundswell.errors import FatalError
from groundswell.messages import first_line


class Recurring(Part):
    """A matcher with windows that come back each week."""

    name: Name
    why: Why
    match: Matcher = Matcher()
    zone: str
    during: tuple[Window, ...] = ()
    outside: tuple[Window, ...] = ()
    never: Annotated[frozenset[date], BeforeValidator(dates), Field(alias="except")] = frozenset()

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

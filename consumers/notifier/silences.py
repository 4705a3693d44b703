"""Silences: what people do not want to be told of for a while, who says so, and why. Kept in Redis until they end."""

import math
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from consumers.notifier.holding import Matcher, Why
from consumers.notifier.store import Keys
from consumers.notifier.subscription import Part
from groundswell.errors import FatalError
from groundswell.log import get
from groundswell.store import Client, Script, errors

MOST = 1_000
LONGEST = timedelta(days=366)

log = get("notifier")


class Silence(Part):
    """A matcher with its period."""

    id: Annotated[str, Field(default_factory=lambda: token_hex(4))]
    match: Matcher
    starts: AwareDatetime
    ends: AwareDatetime
    by: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    why: Why

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if not timedelta() < self.ends - self.starts <= LONGEST:
            raise ValueError(f"it must end after it starts, within {LONGEST.days} days")
        return self

    @property
    def name(self) -> str:
        """Its id."""
        return self.id

    @property
    def sort(self) -> str:
        """Made by a person."""
        return "silence"

    @property
    def when(self) -> str:
        """The period in words."""
        return f"from {_shown(self.starts)} until {_shown(self.ends)} UTC"

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at ``moment``."""
        return self.starts <= moment < self.ends


class Silences:
    """All silences that have not ended."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client: Any = client
        self._key = Keys(prefix).silences
        self._put = Script(client, __package__, "silence.lua")

    def all(self, now: datetime) -> list[Silence]:
        """Those in force at ``now`` or later, the first to end first."""
        return sorted((one for one in self._stored() if one.ends > now), key=lambda one: (one.ends, one.id))

    def add(self, silence: Silence, now: datetime) -> None:
        """Put ``silence`` in; FatalError where there are too many, or where it has ended before ``now``."""
        if silence.ends <= now:
            raise FatalError(f"the silence would have ended already, at {_shown(silence.ends)} UTC")
        left = math.ceil((silence.ends - now).total_seconds() * 1000)
        over = [one.id for one in self._stored() if one.ends <= now]
        if self._put([self._key], [silence.id, silence.model_dump_json(), left, MOST, *over]) != b"ok":
            raise FatalError(f"{MOST:,} silences are the most: `groundswell unsilence` makes room")

    def end(self, prefix: str, now: datetime) -> Silence:
        """End the one silence whose id begins with ``prefix``; FatalError in one line where there is none, or several."""
        found = [one for one in self.all(now) if one.id.startswith(prefix)]
        if len(found) != 1:
            why = f"{len(found)} silences begin so: give more of the id" if found else "no such silence"
            raise FatalError(f"{prefix}: {why}; groundswell silences shows all")
        with errors():
            self._client.hdel(self._key, found[0].id)
        return found[0]

    def _stored(self) -> list[Silence]:
        with errors():
            stored: dict[bytes, bytes] = self._client.hgetall(self._key)
        found = []
        for name, value in stored.items():
            try:
                found.append(Silence.model_validate_json(value))
            except ValidationError:
                log.warning("silence cannot be read and holds nothing back", silence=name.decode("utf-8", "replace"))
        return found


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"

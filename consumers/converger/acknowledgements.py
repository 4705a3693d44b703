"""Acknowledgements that people ask for: kept in Redis beside the partition of the alert until its converger has taken them.

The converger makes a new revision of them, which is stored and told as every other; only then is the request forgotten. So a
crash anywhere repeats nothing: what is acknowledged already is left as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from consumers.converger.partition import Closed, Happening, Partition
from consumers.converger.state import Keys, read_group
from consumers.converger.transitions import acknowledged
from groundswell.errors import FatalError
from groundswell.log import get
from groundswell.messages import Acknowledgement, Alert
from groundswell.settings import Settings
from groundswell.store import Client, errors

KEPT_SECONDS = 7 * 86_400
"""How long a request waits for a converger."""
MOST = 1_000
"""Requests that may wait for a partition."""
SHOWN_IDS = 5

log = get("converger")


@dataclass(frozen=True)
class Found:
    """An alert in being, and the partition that it lives in."""

    partition: int
    alert: Alert


class Acknowledgements:
    """What is asked for: people put it in, the converger takes it out."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client: Any = client
        self._prefix = settings.redis.prefix
        self._partitions = settings.kafka.partitions

    def find(self, prefix: str) -> Found:
        """The one alert in being whose id begins with ``prefix``; FatalError in one line where there is none, or several."""
        found = [one for one in self._in_being() if one.alert.id.startswith(prefix)]
        if not found:
            raise FatalError(f"{prefix}: no alert in being begins so; groundswell alerts --json shows ids, it may be over")
        if len(found) > 1:
            ids = ", ".join(one.alert.id for one in found[:SHOWN_IDS])
            raise FatalError(f"{prefix}: {len(found)} alerts begin so, among them {ids}: give more of the id")
        return found[0]

    def _in_being(self) -> list[Found]:
        found = []
        for number in range(self._partitions):
            with errors():
                groups = self._client.hvals(Keys(self._prefix, number).groups)
            happenings = (one for one in map(read_group, groups) if isinstance(one, Happening))
            found += [Found(number, one.alert) for one in happenings if one.life.open]
        return found

    def ask(self, found: Found, by: Acknowledgement) -> None:
        """Ask the converger to acknowledge an alert; FatalError where too much waits already."""
        asked = self._asked(found.partition)
        with errors():
            if self._client.hlen(asked) >= MOST:
                raise FatalError(f"{MOST:,} acknowledgements wait already: is the converger running? groundswell doctor tells")
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(asked, found.alert.id, by.model_dump_json())
            pipe.expire(asked, KEPT_SECONDS)
            pipe.execute()

    def waits(self, found: Found) -> bool:
        """Whether what was asked for an alert still waits for the converger."""
        with errors():
            return bool(self._client.hexists(self._asked(found.partition), found.alert.id))

    def of(self, partition: int) -> dict[str, bytes]:
        """What is asked for in a partition, by the alert's id, as it is stored."""
        with errors():
            return {alert.decode(): stored for alert, stored in self._client.hgetall(self._asked(partition)).items()}

    def forget(self, partition: int, alerts: list[str]) -> None:
        """Forget what was asked for ``alerts``: it is done, or cannot be."""
        with errors():
            self._client.hdel(self._asked(partition), *alerts)

    def _asked(self, partition: int) -> str:
        return Keys(self._prefix, partition).asked


def answer(partition: Partition, asked: Mapping[str, bytes]) -> Closed:
    """Acknowledge in memory what fires and is asked for; returns what has to be stored of it. The rest is passed over."""
    result = Closed()
    if partition.closed is None:
        return result
    for key, one in partition.happenings.items():
        by = _read(one.alert.id, asked)
        if by is None:
            continue
        life, alert = acknowledged(one.life, one.alert, by, partition.closed - 1)
        if alert is not one.alert:
            result.groups[key] = Happening(life, alert)
            result.alerts.append(alert)
    for key, after in result.groups.items():
        assert isinstance(after, Happening)
        partition.happenings[key] = after
    return result


def _read(alert: str, asked: Mapping[str, bytes]) -> Acknowledgement | None:
    if alert not in asked:
        return None
    try:
        return Acknowledgement.model_validate_json(asked[alert])
    except ValidationError:
        log.warning("acknowledgement cannot be read", alert=alert)
        return None

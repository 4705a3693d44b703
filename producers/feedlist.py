"""The list of feeds: YAML or TOML, ``feeds:`` with one entry a feed."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundswell.errors import FatalError
from groundswell.messages import Identifier, Kind, first_line
from producers.times import zone


class Feed(BaseModel):
    """One feed. ``zone`` is that of its naive times; ``lateness`` and ``interval`` are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$", max_length=2_000)]
    source: Identifier
    kind: Kind = Kind.MARKET
    lang: Annotated[str, Field(max_length=20)] | None = None
    zone: str | None = None
    lateness: Annotated[float, Field(ge=0)] | None = None
    interval: Annotated[float, Field(ge=1, le=86_400)] = 300.0

    @property
    def time_zone(self) -> ZoneInfo | None:
        """The zone of naive times, where the list names one."""
        return zone(self.zone) if self.zone else None


class _FeedList(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    feeds: Annotated[tuple[Feed, ...], Field(min_length=1)]


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """The feeds listed in ``path``; FatalError in one line that names the entry and the key."""
    try:
        content = path.read_text(encoding="utf-8")
        data: Any = tomllib.loads(content) if path.suffix.lower() == ".toml" else yaml.safe_load(content)
    except OSError as error:
        raise FatalError(f"{path}: {error.strerror}; name a YAML or TOML list of feeds") from None
    except (ValueError, yaml.YAMLError) as error:
        raise FatalError(f"{path}: not valid: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise FatalError(f"{path}: write `feeds:` and under it one entry a feed, each with url and source")
    try:
        feeds = _FeedList.model_validate(data).feeds
        for number, feed in enumerate(feeds):
            _check(feed, feeds[:number])
    except ValidationError as error:
        raise FatalError(f"{path}: {first_line(error)}") from None
    except FatalError as error:
        raise FatalError(f"{path}: {error}") from None
    return feeds


def _check(feed: Feed, before: Sequence[Feed]) -> None:
    if any(other.url == feed.url for other in before):
        raise FatalError(f"feed {feed.source}: its url is listed twice; keep one")
    if feed.zone:
        zone(feed.zone)


def source_lateness(feeds: Sequence[Feed]) -> dict[str, float]:
    """What belongs into event_time.source_lateness for these feeds: the largest lateness of each source."""
    latest: dict[str, float] = {}
    for feed in feeds:
        if feed.lateness is not None:
            latest[feed.source] = max(feed.lateness, latest.get(feed.source, 0.0))
    return latest

"""The watchlist of the settings, and what the entities on it are called; loads no model."""

from collections.abc import Callable, Mapping, Sequence

from groundswell.clock import SystemClock
from groundswell.settings import Settings
from model.entities import WatchlistFile


def watchlist(settings: Settings) -> WatchlistFile | None:
    """The watchlist of ``settings``, read again when its file changes; none where none is set."""
    return None if settings.watchlist is None else WatchlistFile(settings.watchlist, SystemClock())


def called(settings: Settings) -> tuple[Callable[[], Mapping[str, str]], Callable[[], Mapping[str, Sequence[str]]]]:
    """What gives the name of each entity of the watchlist by its id, and what gives its aliases, as they are at the time."""
    listed = watchlist(settings)
    if listed is None:
        return dict, dict
    return (
        lambda: {key: one.name for key, one in listed.current().entities.items()},
        lambda: {key: one.aliases for key, one in listed.current().entities.items()},
    )

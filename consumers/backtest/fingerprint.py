"""What hypotheses follow from: if all of it is the same, they need not be computed again."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from consumers.backtest.record import TextRead
from groundswell.errors import FatalError
from groundswell.settings import Settings
from model import taxonomy
from model.card import read_card
from model.folders import pack_folders

Fingerprint = Mapping[str, str]
"""Part of what hypotheses follow from -> a digest of its content."""


def fingerprint(texts: Path, source: str | None, settings: Settings) -> Fingerprint:
    """The fingerprint of the hypotheses of the file ``texts``, whose texts without a source are from ``source``.

    Raises FatalError in one line where a file among them cannot be read.
    """
    folders = pack_folders(settings.reading)
    reading = settings.reading
    return {
        "texts": _of_files([texts]) + (f" from {source}" if source else ""),
        "watchlist": _of_files([settings.watchlist]) if settings.watchlist else "none",
        **{f"pack {language}": _of_pack(folder) for language, folder in sorted(folders.items())},
        "taxonomy": _of(sorted(taxonomy.load(*reading.packs.values()).topics)),
        "reading.backend": reading.backend,
        "reading.author_key": _of([reading.author_key.get_secret_value()]),
        "groundswell": version("groundswell"),
        "their form": _of([json.dumps(TextRead.model_json_schema(), sort_keys=True)]),
    }


def differences(old: Fingerprint, new: Fingerprint) -> list[str]:
    """The parts in which two fingerprints differ, in order."""
    return [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


def _of_pack(folder: Path) -> str:
    card = read_card(folder)
    return f"{card.name}@{card.version} {_of_files(sorted(path for path in folder.iterdir() if path.is_file()))}"


def _of_files(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                total.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise FatalError(f"{path}: cannot be read: {error.strerror}") from None
    return total.hexdigest()


def _of(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

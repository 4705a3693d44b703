"""Which pack a command means: by folder, by language, or by the labels that it knows."""

from pathlib import Path

from groundswell.errors import FatalError
from groundswell.settings import Settings


def folders(settings: Settings) -> dict[str, Path]:
    """The pack folder of each language, as the diverger would load them."""
    from model.folders import pack_folders

    return pack_folders(settings.reading)


def folder_of(name: str, settings: Settings) -> Path:
    """The folder ``name``, or that of the pack in use for the language ``name``."""
    folder = Path(name)
    return folder if (folder / "card.yaml").is_file() else folders(settings).get(name, folder)


def that_knows(labels: str, data: Path, settings: Settings) -> Path:
    """The folder of the pack in use whose recipe names the set ``labels``; for ``own`` that of the language of ``data``."""
    from model.card import read_card
    from model.judge.labelled import language_of
    from model.own import SET

    used = folders(settings)
    if labels == SET:
        return used[language_of(data, used)]
    known = {source.name: folder for folder in used.values() for source in read_card(folder).recipe.sets}
    if labels not in known:
        raise FatalError(f"--labels {labels}: no pack in use knows that set; they know {', '.join((*known, SET))}")
    return known[labels]

"""The topics of all languages: names in English and Chinese, and a note.

A pack may bring topics of its own in a ``taxonomy.yaml`` beside its card: they come to those that ship, or replace them.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from groundswell.errors import FatalError

FILE = "taxonomy.yaml"


@dataclass(frozen=True)
class Topic:
    """One topic, with the topics that it is part of."""

    id: str
    en: str
    zh: str
    note: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Taxonomy:
    """All topics by id, in the order of the file."""

    topics: Mapping[str, Topic]

    def topic(self, topic_id: str) -> Topic:
        """The topic with this id; FatalError that names the known ones when there is none."""
        try:
            return self.topics[topic_id]
        except KeyError:
            known = ", ".join(self.topics)
            raise FatalError(f"topic: {topic_id!r} is not in the taxonomy; it has {known}") from None


def load(*packs: Path) -> Taxonomy:
    """The taxonomy that ships with this package and what ``packs`` (pack folders) bring of their own.

    Raises FatalError in one line when a file cannot be read, lacks a field, or names a parent that is no topic.
    """
    own = [folder / FILE for folder in packs if (folder / FILE).is_file()]
    topics = {topic.id: topic for found in (_shipped(), *map(_read, own)) for topic in found}
    for topic in topics.values():
        if lost := set(topic.parents) - set(topics):
            raise FatalError(f"taxonomy: topic {topic.id} has the parent {min(lost)}, which is no topic")
    return Taxonomy(topics)


def carry(source: Path, target: Path) -> None:
    """Copy the taxonomy of its own that the pack in ``source`` may have into the folder ``target``."""
    if target != source and (source / FILE).is_file():
        shutil.copy(source / FILE, target / FILE)


@cache
def _shipped() -> list[Topic]:
    return _read(files("model").joinpath(FILE))


def _read(file: Traversable) -> list[Topic]:
    try:
        return [_topic(row) for row in yaml.safe_load(file.read_text("utf-8"))["topics"]]
    except KeyError as error:
        raise FatalError(f"taxonomy: {file}: a topic needs id, en, zh and note; {error} is missing") from None
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise FatalError(f"taxonomy: {file} is no list of topics: {' '.join(str(error).split())}") from None


def _topic(row: dict[str, Any]) -> Topic:
    identity, en, zh, note = (str(row[field]) for field in ("id", "en", "zh", "note"))
    return Topic(identity, en, zh, note, tuple(row.get("parents", [])))

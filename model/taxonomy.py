"""The topics of all languages: names in English and Chinese, a note, and the plan that an alert on one carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from groundswell.errors import FatalError


@dataclass(frozen=True)
class Topic:
    """One topic. ``plan_en`` and ``plan_zh`` are the same steps in two languages, in the order to take them."""

    id: str
    en: str
    zh: str
    note: str
    parents: tuple[str, ...]
    plan_en: tuple[str, ...]
    plan_zh: tuple[str, ...]


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


@cache
def load() -> Taxonomy:
    """The taxonomy that ships with this package, read once."""
    rows = yaml.safe_load(files("model").joinpath("taxonomy.yaml").read_text("utf-8"))
    topics = {row["id"]: _topic(row) for row in rows["topics"]}
    for topic in topics.values():
        if lost := set(topic.parents) - set(topics):
            raise FatalError(f"taxonomy: topic {topic.id} has the parent {min(lost)}, which is no topic")
    return Taxonomy(topics)


def _topic(row: dict[str, Any]) -> Topic:
    plan = row["plan"]
    parents = row.get("parents", [])
    return Topic(
        id=str(row["id"]),
        en=str(row["en"]),
        zh=str(row["zh"]),
        note=str(row["note"]),
        parents=tuple(parents),
        plan_en=tuple(plan["en"]),
        plan_zh=tuple(plan["zh"]),
    )

"""Playbooks: what an alert asks people to do, by its topic and its kind, in both languages.

They ship in ``playbooks.yaml``; a file of the user's own, of the same form, replaces the topics and kinds that it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from groundswell.errors import FatalError
from groundswell.messages import AlertKind, Bilingual, first_line
from model.taxonomy import Taxonomy

FILE = "playbooks.yaml"
MOST_STEPS = 5
OPENING = (AlertKind.VOLUME_SURGE, AlertKind.STANCE_SHIFT)
"""Kinds whose steps come first and leave the rest to the topic: they say that people talk, not of what."""
GENERAL = "general"
"""The topic whose plan stands in for those without one."""

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    en: _Words
    zh: _Words


_Steps = Annotated[list[_Step], Field(min_length=1, max_length=MOST_STEPS)]


class _Plans(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    steps: _Steps
    negative_surge: _Steps | None = None
    positive_surge: _Steps | None = None
    volume_surge: _Steps | None = None
    stance_shift: _Steps | None = None
    silence: _Steps | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    kinds: dict[AlertKind, _Steps] = {}
    topics: dict[str, _Plans] = {}


@dataclass(frozen=True)
class Playbooks:
    """The plans in force, by topic and by kind."""

    topics: Mapping[str, _Plans]
    kinds: Mapping[AlertKind, list[_Step]]

    def plan(self, topic: str | None, kind: AlertKind) -> tuple[Bilingual, ...]:
        """The steps for an alert of ``kind`` on ``topic``, first step first, five at most.

        A topic's own plan for the kind counts alone; else the kind's, where it has one. A topic without a playbook has that
        of `general`.
        """
        plans = self.topics.get(topic or GENERAL) or self.topics[GENERAL]
        steps: list[_Step] = getattr(plans, kind) or self._of_kind(kind, plans.steps)
        return tuple(Bilingual(zh=step.zh, en=step.en) for step in steps[:MOST_STEPS])

    def _of_kind(self, kind: AlertKind, steps: list[_Step]) -> list[_Step]:
        first = self.kinds.get(kind, [])
        return [*first, *steps] if kind in OPENING or not first else first


def load(own: Path | None, taxonomy: Taxonomy) -> Playbooks:
    """The playbooks that ship, with what the file ``own`` replaces.

    Raises FatalError with one line that names the file and the key when it cannot be read, lacks something, or names a
    topic that ``taxonomy`` does not have.
    """
    shipped = _shipped()
    replaced = _read(own, f"converger.playbooks {own}") if own else _File()
    if unknown := sorted(set(replaced.topics) - set(taxonomy.topics)):
        known = ", ".join(taxonomy.topics)
        raise FatalError(f"converger.playbooks {own}: topics.{unknown[0]}: no such topic; there are {known}")
    return Playbooks({**shipped.topics, **replaced.topics}, {**shipped.kinds, **replaced.kinds})


@cache
def _shipped() -> _File:
    return _read(files(__package__).joinpath(FILE), FILE)


def _read(file: Traversable, name: str) -> _File:
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise FatalError(f"{name}: {error.strerror}: give the path of a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FatalError(f"{name}: not YAML in UTF-8: {' '.join(str(error).split())}") from None
    try:
        return _File.model_validate(document)
    except ValidationError as error:
        raise FatalError(f"{name}: {first_line(error)}: see {FILE} of the converger for the form") from None

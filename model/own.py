"""The users' own labels: JSON lines of a text with Groundswell's stance and the taxonomy's topics.

``groundswell label`` and ``groundswell feedback`` write such files, training reads them as the set ``own``, and
``groundswell evaluate --labels own`` measures on them. A row that says neither stance nor topics is not yet labelled.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from groundswell.errors import FatalError
from groundswell.messages import first_line
from model.card import Card, Group
from model.taxonomy import load as load_taxonomy

SET = "own"
"""The name of the set of such files: ``--labels own``, and ``own_train.jsonl`` among training data."""

WEAK = 0.2
"""What a row that nobody has labelled by hand weighs in training."""

PARTLY = 0.5
"""What a row weighs for a head of which its topics tell only some labels: it trains, and does not calibrate."""

Verdict = Literal["right", "wrong"]


class OwnRow(BaseModel):
    """One text, labelled or not.

    ``topics`` are all topics that hold; None where nobody said. ``weight`` below 1 marks what follows from feedback on an
    alert and not from a label by hand. ``skipped`` says that a person has seen the text and did not want to label it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    text: Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
    stance: Literal["negative", "neutral", "positive"] | None = None
    topics: tuple[str, ...] | None = None
    weight: Annotated[float, Field(gt=0, le=1)] = 1.0
    skipped: bool = False
    alert: str | None = None
    verdict: Verdict | None = None
    note: str | None = None

    @field_validator("topics", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("topics")
    @classmethod
    def _of_the_taxonomy(cls, topics: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if unknown := set(topics or ()) - set(load_taxonomy().topics):
            raise ValueError(f"{min(unknown)!r} is no topic of the taxonomy")
        return topics or None

    @property
    def labelled(self) -> bool:
        """Whether it says a stance or topics."""
        return self.stance is not None or self.topics is not None

    def line(self) -> str:
        """The row as one line of JSON, without what is not set."""
        return self.model_dump_json(exclude_defaults=True) + "\n"


@dataclass(frozen=True)
class Candidate:
    """A text that may be worth a label; ``urgent`` where a person has said that an alert it was evidence of is wrong."""

    text: str
    urgent: bool = False


def own_rows(path: Path) -> list[OwnRow]:
    """The rows of a JSONL file; FatalError names file, line and field of a bad one."""
    if not path.is_file():
        raise FatalError(f"data: {path} is missing; give a file of JSON lines with text, stance and topics")
    with path.open(encoding="utf-8", errors="replace") as file:
        return list(_rows(path.name, file))


def candidates(path: Path) -> list[Candidate]:
    """The texts of a JSONL file, whatever else it says of them; those that feedback found right are left out."""
    if not path.is_file():
        raise FatalError(f"{path}: no such file; name JSON lines with a text each")
    found = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line) if line.strip() else {"verdict": "right"}
                if row.get("verdict") != "right":
                    found.append(Candidate(OwnRow(text=row["text"]).text, row.get("verdict") == "wrong"))
            except (ValueError, KeyError, AttributeError):
                raise FatalError(f"{path.name} line {number} is not a JSON object with a text") from None
    return found


def targets(card: Card, row: OwnRow) -> Iterator[tuple[str, tuple[float, ...], float]]:
    """What ``row`` teaches the heads of ``card``: group name, target of each of its labels, weight in the loss.

    A target is NaN where the row does not tell. The topics of the taxonomy tell a label that speaks of these topics alone,
    and rule out one that speaks of none of them.
    """
    if row.stance:
        yield "stance", tuple(float(label == row.stance) for label in card.group("stance").labels), row.weight
    for group in card.groups:
        if row.topics and group.topics:
            told = (_exclusive if group.kind == "softmax" else _independent)(group, set(row.topics))
            if told is not None:
                sure = all(value in {0.0, 1.0} for value in told)
                yield group.name, told, row.weight * (1.0 if sure else PARTLY)


def _exclusive(group: Group, topics: set[str]) -> tuple[float, ...] | None:
    """Equal shares for the labels that fit; where no label speaks of these topics, for those that speak of no topic."""
    said = [label for label in group.labels if set(group.topics.get(label, ())) <= topics]
    fitting = [label for label in said if group.topics.get(label)] or said
    return tuple((label in fitting) / len(fitting) for label in group.labels) if fitting else None


def _independent(group: Group, topics: set[str]) -> tuple[float, ...] | None:
    spoken = [topic for own in group.topics.values() for topic in own]
    told = tuple(_told(group.topics.get(label, ()), topics, spoken) for label in group.labels)
    return None if all(map(math.isnan, told)) else told


def _told(own: Iterable[str], topics: set[str], spoken: list[str]) -> float:
    """1 for a label that alone speaks of topics that hold, 0 for one whose topics do not hold, else NaN."""
    holding = set(own) & topics
    if not set(own) or (holding and holding != set(own)):
        return math.nan
    if not holding:
        return 0.0
    return 1.0 if all(spoken.count(topic) == 1 for topic in holding) else math.nan


def _rows(name: str, lines: Iterator[str]) -> Iterator[OwnRow]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield OwnRow.model_validate_json(line)
            except ValidationError as error:
                raise FatalError(f"data: {name} line {number}: {first_line(error)}") from None

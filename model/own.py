"""The users' own labels: JSON lines of a text with Groundswell's stance and the taxonomy's topics.

``groundswell label`` and ``groundswell feedback`` write such files, training reads them as the set ``own``, and
``groundswell evaluate --labels own`` measures on them. A row that says neither stance nor topics is not yet labelled.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from groundswell.errors import FatalError
from groundswell.messages import first_line
from model.taxonomy import load as load_taxonomy

SET = "own"
"""The name of the set of such files: ``--labels own``, and ``own_train.jsonl`` among training data."""

WEAK = 0.2
"""What a row that nobody has labelled by hand weighs in training."""

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


def own_rows(path: Path) -> list[OwnRow]:
    """The rows of a JSONL file; FatalError names file, line and field of a bad one."""
    if not path.is_file():
        raise FatalError(f"data: {path} is missing; give a file of JSON lines with text, stance and topics")
    with path.open(encoding="utf-8", errors="replace") as file:
        return list(_rows(path.name, file))


def _rows(name: str, lines: Iterator[str]) -> Iterator[OwnRow]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield OwnRow.model_validate_json(line)
            except ValidationError as error:
                raise FatalError(f"data: {name} line {number}: {first_line(error)}") from None

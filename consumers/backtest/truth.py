"""What really happened in a stream: labelled events, and decoys that must raise nothing.

JSON: ``surges``, a list of ``entity``, ``start``, ``end`` and, where it is no negative surge, ``alert`` (the kind of alert
that should fire); perhaps ``decoys`` (``entity``, ``kind``, perhaps ``start`` and ``end``), ``entities`` (all that were
watched) and ``days``. Other fields are let be. CSV: the columns ``entity,kind,start,end``, where kind is an alert's kind
(empty: a negative surge) or ``decoy``.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from groundswell.errors import FatalError
from groundswell.messages import AlertKind, Identifier, first_line

DECOY = "decoy"
COLUMNS = ("entity", "kind", "start", "end")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Event(_Row):
    """Something of which an alert of the kind ``alert`` on ``entity`` should tell."""

    entity: Identifier
    alert: AlertKind = AlertKind.NEGATIVE_SURGE
    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"ends at {self.end.isoformat()}, which is not after its start")
        return self


class Decoy(_Row):
    """Something that looks like an event and is none; without times it lasts as long as the stream."""

    entity: Identifier
    kind: str = DECOY
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class Truth(_Row):
    """Events and decoys; how many entities were watched for how many days, where that is known."""

    surges: tuple[Event, ...]
    decoys: tuple[Decoy, ...] = ()
    entities: tuple[Identifier, ...] | None = None
    days: Annotated[float, Field(gt=0)] | None = None

    @property
    def kinds(self) -> list[AlertKind]:
        """The kinds of alert that the events ask for; where there are none, negative surges."""
        return sorted({event.alert for event in self.surges}) or [AlertKind.NEGATIVE_SURGE]


def read_truth(path: Path) -> Truth:
    """The truth in the file ``path``; FatalError with one line that names the place of what is wrong."""
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FatalError(f"{path}: cannot be read: {error}") from None
    match path.suffix.lower():
        case ".json":
            return _of_json(content, path)
        case ".csv":
            return _of_csv(content, path)
        case _:
            raise FatalError(f"{path}: the extension tells no format; labelled events are .json or .csv")


def _of_json(content: str, path: Path) -> Truth:
    try:
        return Truth.model_validate(json.loads(content))
    except ValidationError as error:
        raise FatalError(f"{path}: {first_line(error)}") from None
    except ValueError as error:
        raise FatalError(f"{path}: not JSON: {error}") from None


def _of_csv(content: str, path: Path) -> Truth:
    rows = csv.DictReader(content.splitlines())
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise FatalError(f"{path}: no column {missing[0]}; labelled events have the columns {', '.join(COLUMNS)}")
    found = list(_rows(rows, path))
    return Truth(
        surges=tuple(one for one in found if isinstance(one, Event)),
        decoys=tuple(one for one in found if isinstance(one, Decoy)),
    )


def _rows(rows: "csv.DictReader[str]", path: Path) -> Iterator[Event | Decoy]:
    for row in rows:
        filled = {name: value.strip() for name, value in row.items() if name in COLUMNS and value and value.strip()}
        try:
            yield _row(filled)
        except ValidationError as error:
            told = first_line(error).replace("alert: ", "kind: ", 1)
            raise FatalError(f"{path}: line {rows.line_num}: {told}") from None


def _row(filled: Mapping[str, Any]) -> Event | Decoy:
    kind = filled.get("kind")
    if kind == DECOY:
        return Decoy.model_validate(filled)
    return Event.model_validate({**filled, "alert": kind} if kind else filled)

"""The wire types: what the four Kafka topics carry, as JSON in UTF-8 with the schema's name and version in a header.

Unknown fields are refused with a clear error, times are aware, numbers are finite. Text ids follow from content, so that
a producer that sends twice sends the same record twice.
"""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from groundswell.errors import PoisonError

SCHEMA_HEADER = "schema"
MAX_TEXT = 100_000
"""Characters of one text; what is longer is refused, since no item of news is."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Kind(StrEnum):
    """Where a text stands: reporting on the market, or somebody's opinion of it."""

    MARKET = "market"
    OPINION = "opinion"


class Message(BaseModel):
    """What all wire types share: frozen, no unknown fields, a schema name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    schema_name: ClassVar[str]

    def to_wire(self) -> bytes:
        """The message as JSON in UTF-8, without the fields that are not set."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_wire(cls, payload: bytes | None) -> Self:
        """Parse ``payload``; raise PoisonError with one line that says what is wrong and where."""
        if payload is None:
            raise PoisonError(f"no value: a {cls.schema_name} record needs a JSON object")
        try:
            return cls.model_validate(json.loads(payload, parse_constant=_refuse_constant))
        except ValidationError as error:
            raise PoisonError(f"not a {cls.schema_name}: {first_line(error)}") from None
        except (ValueError, RecursionError) as error:
            raise PoisonError(f"not JSON in UTF-8: {error}") from None

    @model_validator(mode="before")
    @classmethod
    def _replace_surrogates(cls, data: Any) -> Any:
        return without_surrogates(data)


def without_surrogates(data: Any) -> Any:
    """``data`` with each lone surrogate in its strings replaced: JSON can escape what UTF-8 cannot hold."""
    match data:
        case str() if not data.isascii():
            return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {without_surrogates(key): without_surrogates(value) for key, value in data.items()}
        case list():
            return [without_surrogates(value) for value in data]
        case _:
            return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def first_line(error: ValidationError) -> str:
    """One line for the first thing that pydantic found, with its place and without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    what = "no such field" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return f"{place}: {what}" if place else what


class Subject(BaseModel):
    """What trends are kept for: (topic, entity), (topic, *) or (*, entity)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    topic: Identifier | None = None
    entity: Identifier | None = None

    def __str__(self) -> str:
        return f"{self.topic or '*'}/{self.entity or '*'}"


class Text(Message):
    """One item of market or opinion writing, with when it was published, by whom, where."""

    schema_name: ClassVar[str] = "text/1"
    id: Identifier = ""
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
    title: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    kind: Kind = Kind.OPINION
    source: Identifier
    author: Identifier | None = None
    url: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    lang: Annotated[str, StringConstraints(max_length=20)] | None = None
    published_at: AwareDatetime
    ingested_at: AwareDatetime

    @model_validator(mode="before")
    @classmethod
    def _derive_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("id"):
            return {**data, "id": content_id(data)}
        return data


def content_id(fields: dict[str, Any]) -> str:
    """The default id of a text: 32 hexadecimal digits of a hash of source, author, published_at and text."""
    published = fields.get("published_at")
    if isinstance(published, datetime):
        published = published.isoformat()
    parts = (fields.get("source"), fields.get("author"), published, fields.get("text"))
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=16).hexdigest()


class Stance(BaseModel):
    """Probabilities of the three stances; they sum to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    negative: Probability
    neutral: Probability
    positive: Probability

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.negative + self.neutral + self.positive
        if abs(total - 1) > 1e-3:
            raise ValueError(f"stance probabilities sum to {total:.4f}, not to 1")
        return self


class Hypothesis(Message):
    """One reading of one text, with its calibrated probability and its rank among the text's readings (from 1)."""

    schema_name: ClassVar[str] = "hypothesis/1"
    text_id: Identifier
    subject: Subject
    stance: Stance
    probability: Probability
    rank: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]
    lang: str
    source: Identifier
    author_hash: str | None = None
    story: str
    published_at: AwareDatetime
    ingested_at: AwareDatetime
    excerpt: Annotated[str, StringConstraints(max_length=400)]
    model: str
    truncated: bool = False


class AlertKind(StrEnum):
    """What happened to the trend."""

    NEGATIVE_SURGE = "negative_surge"
    POSITIVE_SURGE = "positive_surge"
    VOLUME_SURGE = "volume_surge"
    STANCE_SHIFT = "stance_shift"
    SILENCE = "silence"


class AlertState(StrEnum):
    """Where an alert stands in its life."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How much an alert matters, least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Bilingual(BaseModel):
    """The same words in Chinese and in English."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    zh: str
    en: str


class Ranked(BaseModel):
    """One explanation of an alert, with its score and the parts that it is the product of; the best comes first."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    subject: Subject
    score: float
    parts: dict[str, float] = {}


class Evidence(BaseModel):
    """One story behind an alert: an excerpt, where it stood, how many copies, and the words that decided its stance."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    excerpt: str
    source: str
    url: str | None = None
    copies: Annotated[int, Field(ge=1)]
    stance: Stance
    words: tuple[str, ...] = ()


class Acknowledgement(BaseModel):
    """Who has taken an alert on, when (by their clock, not in event time), and what they say of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    by: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    at: AwareDatetime
    note: Annotated[str, StringConstraints(max_length=500)] | None = None


class Alert(Message):
    """A surge worth a person's time. A new state, severity or evidence is a new revision of the same alert."""

    schema_name: ClassVar[str] = "alert/1"
    id: Identifier
    kind: AlertKind
    state: AlertState
    severity: Severity
    subject: Subject
    headline: Bilingual
    started_at: AwareDatetime
    detected_at: AwareDatetime
    updated_at: AwareDatetime
    resolved_at: AwareDatetime | None = None
    observed: float
    expected: float
    ratio: float
    p_value: Probability
    window_minutes: Annotated[int, Field(ge=1)]
    texts: Annotated[int, Field(ge=0)]
    authors: Annotated[int, Field(ge=0)]
    stories: Annotated[int, Field(ge=0)]
    sources: Annotated[int, Field(ge=0)]
    hypotheses: tuple[Ranked, ...]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=5)]
    keywords: tuple[str, ...] = ()
    plan: tuple[Bilingual, ...] = ()
    acknowledgement: Acknowledgement | None = None
    flapping: bool = False
    """Whether the same began to fire so often lately that it counts as over only after a longer calm."""
    resolution: Literal["calm", "no_data"] | None = None
    """Why it is resolved: it has been calm, or for too long no texts came that could tell."""
    revision: Annotated[int, Field(ge=1)]


class DeadLetter(Message):
    """A record that could not be processed, whole, with its place and the reason."""

    schema_name: ClassVar[str] = "deadletter/1"
    stage: Identifier
    topic: Identifier
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    reason: str
    failed_at: AwareDatetime
    key_base64: str | None = None
    value_base64: str | None = None
    value_bytes: Annotated[int, Field(ge=0)]
    """The length of the value; ``value_base64`` holds at most its first 64 KiB."""
    headers: dict[str, str] = {}


class Watermark(Message):
    """Progress of event time in one partition of the texts topic: no text older than ``time`` is on time any more.

    A control record: producers of replays put it into the texts topic, the diverger into every partition of the hypotheses
    topic. It is told from a text or a hypothesis by its schema header.
    """

    schema_name: ClassVar[str] = "watermark/1"
    partition: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=1)]
    time: AwareDatetime


WIRE_TYPES: dict[str, type[Message]] = {kind.schema_name: kind for kind in (Text, Hypothesis, Alert, DeadLetter, Watermark)}

SchemaName = Literal["text", "hypothesis", "alert", "deadletter", "watermark"]


def json_schema(name: SchemaName) -> dict[str, Any]:
    """The JSON Schema of the wire type ``name``."""
    return next(kind for key, kind in WIRE_TYPES.items() if key.startswith(f"{name}/")).model_json_schema()

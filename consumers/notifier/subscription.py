"""Subscriptions: who wants which alerts, how. Kept in Redis as JSON."""

import secrets
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_serializer,
    field_validator,
)

from groundswell.messages import Alert, AlertKind, Identifier, Severity

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
SEVERITIES = tuple(Severity)
"""Least first."""


def known_zone(name: str) -> str:
    """``name`` where it is a time zone; ValueError where not."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one such as Asia/Shanghai") from None
    return name


class Part(BaseModel):
    """What is kept or written by people as JSON or YAML: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(Part):
    """Which alerts are wanted; an empty list wants all."""

    entities: tuple[Identifier, ...] = ()
    topics: tuple[Identifier, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    severity: Severity = Severity.INFO
    """The least."""

    def concerns(self, alert: Alert) -> bool:
        """Whether ``alert`` is of a wanted kind, and one of its explanations is of a wanted entity and topic."""
        if self.kinds and alert.kind not in self.kinds:
            return False
        subjects = {alert.subject, *(ranked.subject for ranked in alert.hypotheses)}
        return any(
            (not self.entities or subject.entity in self.entities) and (not self.topics or subject.topic in self.topics)
            for subject in subjects
        )

    def grave_enough(self, severity: Severity) -> bool:
        """Whether ``severity`` is at least the wanted one."""
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.severity)


class WebhookTarget(Part):
    """An HTTP endpoint that takes alerts as JSON, signed with ``secret`` (``whsec_`` and base64)."""

    type: Literal["webhook"] = "webhook"
    url: SecretStr
    secret: SecretStr

    @field_serializer("url", "secret")
    def _store(self, value: SecretStr) -> str:
        return value.get_secret_value()


class AppriseTarget(Part):
    """A mailbox or a chat, as one of Apprise's URLs."""

    type: Literal["apprise"] = "apprise"
    url: SecretStr

    @field_serializer("url")
    def _store(self, value: SecretStr) -> str:
        return value.get_secret_value()


class Subscription(Part):
    """Who wants which alerts, how.

    ``id`` is new with each subscription, ``name`` is what people call it. Its JSON holds the secrets: for the store alone.
    """

    name: Name
    id: Annotated[str, Field(default_factory=lambda: secrets.token_hex(8))]
    filter: Filter = Filter()
    target: Annotated[WebhookTarget | AppriseTarget, Field(discriminator="type")]
    language: Literal["zh", "en"] = "en"
    zone: str = "UTC"
    """IANA name of the time zone of the times in messages."""
    created_at: AwareDatetime

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return known_zone(value)

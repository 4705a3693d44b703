"""One tree of settings: defaults < ``groundswell.toml`` < environment (``GROUNDSWELL_KAFKA__BOOTSTRAP_SERVERS``) < flags.

An unknown key or a bad value stops the start with one line that names it. Secrets are SecretStr.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from groundswell.errors import FatalError
from groundswell.messages import first_line

CONFIG_FILE = "groundswell.toml"
ENV_PREFIX = "GROUNDSWELL_"
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest record that a producer sends and a topic takes: the same figure at both ends (see kafka.py)."""

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A branch of the tree: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """Where Kafka is, how to log in, and what the topics are like."""

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    key_password: SecretStr | None = None
    connect_timeout: Positive = 10.0
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "groundswell"
    partitions: Annotated[int, Field(ge=1, le=256)] = 6
    replication: Annotated[int, Field(ge=1, le=7)] = 1
    retention_days: Positive = 7.0
    create_topics: bool = True

    @model_validator(mode="after")
    def _login_is_whole(self) -> "KafkaSettings":
        if self.security_protocol.startswith("SASL"):
            if not (self.sasl_mechanism and self.username and self.password):
                raise ValueError(f"{self.security_protocol} needs kafka.sasl_mechanism, kafka.username and kafka.password")
        elif self.sasl_mechanism:
            raise ValueError("kafka.sasl_mechanism needs kafka.security_protocol SASL_PLAINTEXT or SASL_SSL")
        return self


class RedisSettings(Section):
    """Where Redis (or Valkey, or a cluster of either) is."""

    url: Annotated[str, Field(pattern=r"^(rediss?|unix)://")] = "redis://127.0.0.1:6379/0"
    cluster: bool = False
    username: str | None = None
    password: SecretStr | None = None
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")] = "groundswell"
    timeout: Positive = 5.0

    @model_validator(mode="after")
    def _password_stands_apart(self) -> "RedisSettings":
        if "@" in self.url or "password=" in self.url or "username=" in self.url:
            raise ValueError("redis.url must not hold a password: use redis.username and redis.password")
        return self


class LoopSettings(Section):
    """The consume loop that all stages share."""

    batch_records: Count = 64
    prefetch_records: Count = 512
    commit_interval: Positive = 1.0
    max_poll_interval: Positive = 300.0
    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    """Name of a static member, one a process: a process that was killed is back in its group at once. None: dynamic."""
    session_timeout: Positive = 10.0
    handover_timeout: Positive = 20.0
    """Longest wait for a batch in flight when its partitions are taken away, seconds."""
    drain_timeout: Positive = 3.0
    delivery_timeout: Positive = 120.0
    """Longest wait for Kafka to acknowledge what a batch sends; then the batch is done again. Seconds."""
    retry_max: Positive = 10.0
    """Longest pause between two tries of a batch that failed for a passing reason, seconds."""
    breaker_window: Count = 200
    breaker_ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the last ``breaker_window`` records in deadletters from which the stage stops."""
    breaker_run: Count = 50
    """Deadletters in a row from which the stage stops."""


class EventTimeSettings(Section):
    """Watermarks: what is late, and when a quiet partition stops holding the others back."""

    lateness: Annotated[float, Field(ge=0)] = 60.0
    """How far behind the newest text an honest one may come, seconds."""
    source_lateness: dict[str, Annotated[float, Field(ge=0)]] = {}
    """The same for sources that are later than others, by name."""
    max_ahead: Positive = 300.0
    """A text dated further than this past its arrival is taken at its arrival, seconds."""
    max_jump: Positive = 3600.0
    """A leap of event time longer than this is believed only when the next texts confirm it, seconds."""
    idle_timeout: Annotated[float, Field(gt=0)] | None = 30.0
    """A partition without texts for so long follows the clock; none: never (replays). Seconds."""


class ConvergerSettings(Section):
    """Trends, surges and the life of alerts."""

    late_hours: Annotated[int, Field(ge=7, le=24 * 14)] = 26
    """How long a bucket takes late texts, and a pair (text, subject) is remembered; later texts go to the late topic."""
    history_days: Annotated[int, Field(ge=1, le=90)] = 28
    """Days of hourly counts kept of each subject; a subject without texts for so long is forgotten."""
    false_alarms_a_day: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """The budget: how many false alarms a day you will bear, all subjects and kinds together. More finds more, and sooner."""
    min_texts: Count = 3
    """Least number of texts in a window that lean to the stance (a probability of at least a half)."""
    min_authors: Count = 3
    """Least number of their authors."""
    min_ratio: Annotated[float, Field(gt=1)] = 2.0
    """Least ratio of observed to expected."""
    pending_minutes: Annotated[int, Field(ge=0)] = 0
    """How long it must last before it fires; volume waits for a quarter of an hour at least."""
    firing_minutes: Annotated[int, Field(ge=0)] = 30
    """Least time for which an alert fires."""
    resolve_minutes: Annotated[int, Field(ge=1)] = 60
    refractory_minutes: Annotated[int, Field(ge=0)] = 120
    flap_firings: Count = 3
    """Begins of the same alert within ``flap_hours`` beyond which it flaps."""
    flap_hours: Annotated[int, Field(ge=1, le=24 * 7)] = 24
    flap_resolve_minutes: Annotated[int, Field(ge=1)] = 240
    """Calm after which an alert that flaps is resolved."""
    no_data_minutes: Count = 60
    """Least time without any text after which alerts are held: not to hear of a surge does not mean that it is over."""
    no_data_limit_minutes: Count = 360
    """How long they are held, at most."""
    credibility: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """How far sources are believed, by name, from 0 to 1; it weighs the scores of explanations. Others: 1."""
    playbooks: Path | None = None
    """A YAML file with plans of your own; the topics it names replace those that ship (see playbooks.yaml)."""


class ReadingSettings(Section):
    """The model."""

    packs: dict[Literal["zh", "en"], Path] = {}
    """Pack folders by language that replace the shipped ones."""
    threads: Count | None = None
    backend: Literal["auto", "torch", "onnx", "onnx-int8"] = "auto"
    """What computes the encoders. auto: torch on a GPU, ONNX Runtime on a CPU; onnx-int8 reads a text differently
    in another batch."""
    shadow: dict[Literal["zh", "en"], Path] = {}
    """Pack folders by language that read beside those in force and are only measured."""
    shadow_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the texts that a shadow reads too, chosen by their ids."""
    author_key: SecretStr = SecretStr("groundswell")
    """Key of the hashes that stand for authors: set your own, or anyone can test whether a name is among them."""


class IngestSettings(Section):
    """The HTTP ingest service."""

    host: str = "127.0.0.1"
    port: Port = 8088
    token: SecretStr | None = None
    """Bearer token that callers must show; without one only loopback is served."""
    max_body_bytes: Count = 8 * 1024 * 1024
    max_lag: Count = 100_000
    """Texts waiting to be read from which callers are told to come back later (429)."""


class NotifierSettings(Section):
    """Telling people."""

    workers: Annotated[int, Field(ge=1, le=256)] = 16
    """Deliveries that a process has under way at once; a subscription has one at most, so a slow receiver holds up no other."""
    deadline: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Longest that a receiver may take to answer, seconds."""
    lease: Annotated[float, Field(ge=1)] = 15.0
    """How long a delivery stays with a process that no longer renews its hold on it, seconds."""
    retry_base: Positive = 1.0
    """Pause after the first failed try, seconds; doubled after each further one."""
    retry_max: Positive = 300.0
    give_up_hours: Positive = 24.0
    """A receiver that has not taken a notification for so long does not get it any more."""
    keep_days: Positive = 30.0
    """How long it is remembered what was told, so that nothing is told again."""
    calendar: Path | None = None
    """YAML file of recurring times (maintenance, trading hours) in which alerts are held back."""
    allow_private: bool = False
    """Whether receivers may stand on private addresses, this machine included."""


class MetricsSettings(Section):
    """Prometheus: each process has a port of its own; 0 takes a free one."""

    host: str = "127.0.0.1"
    diverger_port: Port = 9101
    converger_port: Port = 9102
    ingest_port: Port = 9103
    feeds_port: Port = 9104
    notifier_port: Port = 9105


class LogSettings(Section):
    """What the logs say and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "json", "console"] = "auto"


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=CONFIG_FILE
    )
    config_file: ClassVar[Path] = Path(CONFIG_FILE)

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    loop: LoopSettings = LoopSettings()
    event_time: EventTimeSettings = EventTimeSettings()
    converger: ConvergerSettings = ConvergerSettings()
    reading: ReadingSettings = ReadingSettings()
    ingest: IngestSettings = IngestSettings()
    notifier: NotifierSettings = NotifierSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    watchlist: Path | None = None
    cache_dir: Path = Field(default_factory=lambda: user_cache_path("groundswell"))
    data_dir: Path = Field(default_factory=lambda: user_data_path("groundswell"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls.config_file)

    @property
    def retention(self) -> timedelta:
        """How long Kafka keeps records."""
        return timedelta(days=self.kafka.retention_days)


def load(config: Path | None = None, **flags: Any) -> Settings:
    """The settings in force: ``flags`` is a nested dict of what the command line set.

    Raises FatalError with one line that names the setting, what is wrong with it, and where it came from.
    """
    path = config or Path(os.environ.get(f"{ENV_PREFIX}CONFIG", CONFIG_FILE))
    if config and not path.is_file():
        raise FatalError(f"{config}: no such file; name an existing settings file or leave --config out")
    _refuse_unknown_environment()
    chosen = type("Settings", (Settings,), {"config_file": path, "__module__": __name__, "__doc__": Settings.__doc__})
    try:
        settings: Settings = chosen(**flags)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise FatalError(f"setting {first_line(error)} (looked in flags, {_variable(place)} and {path})") from None
    except SettingsError as error:
        raise FatalError(f"environment: {error}: write JSON, or one key a variable ({_variable('kafka.partitions')})") from None
    except ValueError as error:
        raise FatalError(f"{path}: not valid TOML: {error}") from None
    return settings


def _variable(place: str) -> str:
    return ENV_PREFIX + place.upper().replace(".", "__")


def _refuse_unknown_environment() -> None:
    """pydantic-settings passes over unknown variables at the top level; a misspelt one must stop the start."""
    known = {f"{ENV_PREFIX}CONFIG"}
    for name in Settings.model_fields:
        known.add(ENV_PREFIX + name.upper())
    for variable in os.environ:
        head = variable.upper().split("__")[0]
        if head.startswith(ENV_PREFIX) and head not in known:
            raise FatalError(f"{variable}: no such setting; see `groundswell config` for all of them")

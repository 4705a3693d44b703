"""Kafka: clients from settings, topics created or checked, and a producer that says when records are safe.

Every failure to reach the broker becomes one line that says what was tried: the client itself gives the same time-out for
a broker that is down, a wrong password and a wrong protocol.
"""

import contextlib
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError, MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.partitioner.default import murmur2

from groundswell.errors import FatalError, PoisonError, RetryableError
from groundswell.messages import SCHEMA_HEADER, Message
from groundswell.settings import MAX_MESSAGE_BYTES, KafkaSettings, Settings

Headers = Mapping[str, bytes]

MAX_REQUEST = MAX_MESSAGE_BYTES - 1024
"""Largest record that is handed to Kafka, bytes: under the broker's limit, since a refusal there ends the producer."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Headers = field(default_factory=dict)

    @property
    def schema(self) -> str | None:
        """Name and version of the wire type, where the producer gave one."""
        value = self.headers.get(SCHEMA_HEADER)
        return None if value is None else value.decode("ascii", "replace")


def record_of(one: Any) -> Record:
    """The record that the client's own type holds."""
    headers = {name: value or b"" for name, value in one.headers}
    return Record(one.topic, one.partition, one.offset, one.key, one.value, one.timestamp, headers)


@dataclass(frozen=True, slots=True)
class Output:
    """One record to be sent; without a partition the key decides."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = field(default_factory=dict)
    partition: int | None = None

    @property
    def size(self) -> int:
        """What the record takes on the wire, bytes; rounded up."""
        headers = sum(len(name.encode()) + len(value) + 10 for name, value in self.headers.items())
        return len(self.key) + len(self.value) + headers + 128

    @classmethod
    def of(
        cls, topic: str, key: str, message: Message, headers: Headers | None = None, partition: int | None = None
    ) -> "Output":
        """``message`` under ``key``, with its schema in a header."""
        schema = {SCHEMA_HEADER: message.schema_name.encode()}
        return cls(topic, key.encode(), message.to_wire(), {**schema, **(headers or {})}, partition)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition to which the client sends a record under ``key``."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


@dataclass(frozen=True)
class Topics:
    """The names of the topics under one prefix."""

    prefix: str

    @property
    def texts(self) -> str:
        """Texts, by text id."""
        return f"{self.prefix}.texts"

    @property
    def hypotheses(self) -> str:
        """Hypotheses, by entity, or by topic where there is none."""
        return f"{self.prefix}.hypotheses"

    @property
    def alerts(self) -> str:
        """Alerts, by alert id, compacted."""
        return f"{self.prefix}.alerts"

    @property
    def deadletters(self) -> str:
        """What could not be processed, with its reason."""
        return f"{self.prefix}.deadletters"

    @property
    def late(self) -> str:
        """Hypotheses that came after their bucket was gone."""
        return f"{self.prefix}.late"

    def wanted(self, settings: Settings) -> dict[str, tuple[int, dict[str, str]]]:
        """Partitions and configuration of each topic."""
        kept = {"retention.ms": str(int(settings.retention.total_seconds() * 1000)), "cleanup.policy": "delete"}
        size = {"max.message.bytes": str(MAX_MESSAGE_BYTES)}
        many = settings.kafka.partitions
        return {
            self.texts: (many, kept | size),
            self.hypotheses: (many, kept | size),
            self.alerts: (1, {"cleanup.policy": "compact"} | size),
            self.deadletters: (1, kept | size),
            self.late: (1, kept | size),
        }


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """What all clients share: where, how to log in, how soon to come back."""
    options: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.bootstrap_servers.split(",")],
        "security_protocol": settings.security_protocol,
        "bootstrap_timeout_ms": int(settings.connect_timeout * 1000),
        "reconnect_backoff_max_ms": 1000,
    }
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = _tls(settings)
    if settings.sasl_mechanism and settings.password:
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value()
    return options


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file:
            secret = settings.key_password.get_secret_value() if settings.key_password else None
            context.load_cert_chain(settings.cert_file, settings.key_file, secret)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(path) for path in (settings.ca_file, settings.cert_file, settings.key_file) if path)
        raise FatalError(f"kafka.ca_file, cert_file or key_file ({files}): {error}") from None
    return context


def unreachable(settings: KafkaSettings, error: Exception) -> FatalError:
    """One line that names what was tried."""
    login = f" as {settings.username} by {settings.sasl_mechanism}" if settings.sasl_mechanism else ""
    return FatalError(
        f"Kafka at {settings.bootstrap_servers} ({settings.security_protocol}{login}) did not answer within "
        f"{settings.connect_timeout:g} s ({type(error).__name__}): check that it runs, and kafka.bootstrap_servers, "
        "kafka.security_protocol and the login"
    )


def admin(settings: Settings) -> KafkaAdminClient:
    """An admin client; FatalError where the broker cannot be reached. The caller closes it."""
    try:
        return KafkaAdminClient(client_id="groundswell-admin", **client_options(settings.kafka))
    except KafkaError as error:
        raise unreachable(settings.kafka, error) from None


def consumer(settings: Settings, group: str | None, **options: Any) -> KafkaConsumer:
    """A consumer that gives bytes, commits nothing by itself and starts at the beginning. The caller closes it."""
    loop = settings.loop
    session_ms = int(loop.session_timeout * 1000)
    chosen = {
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "allow_auto_create_topics": False,
        "partition_assignment_strategy": [CooperativeStickyAssignor],
        "max_poll_interval_ms": int(loop.max_poll_interval * 1000),
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": max(100, min(3000, session_ms // 4)),
        "max_partition_fetch_bytes": 1024 * 1024,
        "fetch_max_wait_ms": 250,
        "metadata_max_age_ms": 10_000,  # so that a partition added, or unknown at the start, is soon found
        "metrics_enabled": False,
    }
    try:
        return KafkaConsumer(**client_options(settings.kafka), **{**chosen, **options})
    except KafkaError as error:
        raise unreachable(settings.kafka, error) from None


def subscribe(client: KafkaConsumer, topic: str, listener: Any = None) -> None:
    """Have ``client`` read ``topic`` as a member of its group; raises the client's own KafkaError.

    First it learns the topic's partitions: kafka-python 3.0.12 forgets a question for metadata that it is asked while another
    is under way, as after its construction; the leader of the group then gives out no partitions for minutes.
    """
    client.partitions_for_topic(topic)
    client.subscribe([topic], listener=listener)


def ensure_topics(settings: Settings) -> None:
    """Create the topics that are missing; check those that stand.

    Raises FatalError in one line where a topic is missing and may not be created, or has other partitions than set.
    """
    topics = Topics(settings.kafka.topic_prefix)
    wanted = topics.wanted(settings)
    client = admin(settings)
    try:
        found = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics()}
        missing = [name for name in wanted if name not in found]
        if missing and not settings.kafka.create_topics:
            raise FatalError(f"topics {', '.join(missing)} are missing: create them or set kafka.create_topics = true")
        _create(client, settings, {name: wanted[name] for name in missing})
        for name, (partitions, _) in wanted.items():
            if name in found and found[name] != partitions:
                raise FatalError(
                    f"topic {name} has {found[name]} partitions, wanted {partitions}: set kafka.partitions = {found[name]} "
                    "or use another kafka.topic_prefix"
                )
        _check_policy(client, topics.alerts)
    except KafkaError as error:
        raise FatalError(f"topics under {topics.prefix}: {type(error).__name__}: {error}") from None
    finally:
        client.close()


def _create(client: KafkaAdminClient, settings: Settings, topics: dict[str, tuple[int, dict[str, str]]]) -> None:
    if not topics:
        return
    wanted = {
        name: {"num_partitions": partitions, "replication_factor": settings.kafka.replication, "configs": configs}
        for name, (partitions, configs) in topics.items()
    }
    try:
        client.create_topics(wanted, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        client.wait_for_topics(list(wanted))  # another stage was quicker


def _check_policy(client: KafkaAdminClient, topic: str) -> None:
    found = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    policy = found["topic"][topic]["cleanup.policy"]["value"]
    if "compact" not in str(policy):
        raise FatalError(f"topic {topic} has cleanup.policy {policy}: set it to compact, or alerts in force are lost")


class Publisher:
    """An idempotent producer that waits for all replicas, and makes itself anew after an error that killed it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._closed = False
        self._producer: KafkaProducer | None = self._connect()

    def _connect(self) -> KafkaProducer:
        try:
            return KafkaProducer(
                client_id=self._name,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                linger_ms=5,
                max_request_size=MAX_REQUEST,
                delivery_timeout_ms=int(self._settings.loop.delivery_timeout * 1000),
                max_block_ms=int(self._settings.kafka.connect_timeout * 1000),
                request_timeout_ms=int(min(10.0, self._settings.loop.delivery_timeout / 2) * 1000),
                metrics_enabled=False,
                **client_options(self._settings.kafka),
            )
        except KafkaError as error:
            raise unreachable(self._settings.kafka, error) from None

    def send(self, output: Output) -> Any:
        """Hand ``output`` over; the future that comes back is done when every replica has it.

        Raises PoisonError for a record that is too large, RetryableError for all else.
        """
        headers = list(output.headers.items())
        try:
            return self._alive().send(
                output.topic, value=output.value, key=output.key, headers=headers, partition=output.partition
            )
        except MessageSizeTooLargeError:
            raise PoisonError(f"a record of {output.size:,} bytes is over the limit of {MAX_REQUEST:,}") from None
        except KafkaError as error:
            raise self._failed(error) from error

    def publish(self, outputs: Iterable[Output]) -> None:
        """Send all and wait until all are acknowledged; RetryableError where one is not."""
        self.wait([self.send(output) for output in outputs])

    def wait(self, futures: Sequence[Any]) -> None:
        """Wait for futures of `send`; RetryableError with the first failure."""
        if not futures:
            return
        limit = self._settings.loop.delivery_timeout + 5
        try:
            self._alive().flush(timeout=limit)
            for future in futures:
                future.get(timeout=limit)
        except (KafkaError, AssertionError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> RetryableError:
        """Every failure means a new producer for the next try.

        An answer of the broker may be final for this producer's sequence, and after a time-out kafka-python 3.0.12 can
        leave a partition muted for ever.
        """
        self._discard()
        return RetryableError(f"Kafka did not take the records ({type(error).__name__}: {error})")

    def _discard(self) -> None:
        """End the producer whatever it holds: its own close() first waits for records that may never be acknowledged."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer._sender.force_close()  # noqa: SLF001 - there is no public way
            producer._sender.join(2.0)  # noqa: SLF001
            with contextlib.suppress(KafkaError):
                producer.close(timeout=0)

    def _alive(self) -> KafkaProducer:
        if self._closed:
            raise RetryableError("the publisher is closed")
        if self._producer is None:
            try:
                self._producer = self._connect()
            except FatalError as error:
                raise RetryableError(str(error)) from None
        return self._producer

    def partitions(self, topic: str) -> int:
        """The number of partitions of ``topic``; RetryableError when Kafka does not tell."""
        try:
            found = self._alive().partitions_for(topic)
        except KafkaError as error:
            raise self._failed(error) from error
        if not found:
            raise RetryableError(f"topic {topic} has no partitions that can be reached")
        return len(found)

    def close(self) -> None:
        """Close without waiting for what was never acknowledged: callers wait for that themselves."""
        self._closed = True
        self._discard()

"""One Kafka broker on the loopback interface, KRaft and a single node, for one person's data."""

import base64
import json
import socket
import struct
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from groundswell.clock import Clock
from groundswell.errors import FatalError
from groundswell.local import jars, ports
from groundswell.local.process import Service, last_line
from groundswell.settings import MAX_MESSAGE_BYTES

NODE_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "message.max.bytes": str(MAX_MESSAGE_BYTES),
    "replica.fetch.max.bytes": str(MAX_MESSAGE_BYTES),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    # A broker that was killed may come back only when its last session has run out.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.segment.bytes": str(64 * 1024 * 1024),
    "log.index.size.max.bytes": str(1024 * 1024),
    "log.retention.hours": "168",
    "log.cleaner.dedupe.buffer.size": str(4 * 1024 * 1024),
    "log.segment.delete.delay.ms": "1000",
}

ASK_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""An ApiVersions request (key 18, version 0) with its length and no client id: the least that can be asked."""

# A size limit on the log, since nobody looks after it.
LOGGING = """\
status = warn
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {folder}/kafka.log
appender.file.filePattern = {folder}/kafka.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""


class LocalKafka(Service):
    """A broker with its data under ``folder`` and its jars in ``cache``; port 0 takes a free one.

    ``node`` adds to or replaces the broker's own settings.
    """

    name = "Kafka"
    flag = "--kafka-port"
    patience = 20.0
    start_limit = 90.0

    def __init__(
        self,
        folder: Path,
        cache: Path,
        port: int = 0,
        *,
        heap_mb: int = 512,
        node: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(folder, clock)
        self._cache = cache
        self._port = port
        self._controller_port = 0
        self._heap_mb = heap_mb
        self._node = dict(node or {})

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect, once the broker was started."""
        return f"{ports.LOOPBACK}:{self._port}"

    def prepare(self) -> list[str]:
        """Choose the ports, write the settings, format the storage if it never was."""
        command = self._java()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._port = self._port or ports.free_port()
        ports.require_free(self._port, self.name, self.flag)
        self._controller_port = ports.free_port()
        properties = self.folder / "kafka.properties"
        properties.write_text("".join(f"{key}={_escaped(value)}\n" for key, value in self._settings().items()))
        (self.folder / "log4j2.properties").write_text(LOGGING.format(folder=_escaped(self.folder.as_posix())))
        self._format(command, properties)
        return [*command, "kafka.Kafka", str(properties)]

    def _settings(self) -> dict[str, str]:
        listener = f"PLAINTEXT://{ports.LOOPBACK}:{self._port}"
        return {
            **NODE_SETTINGS,
            "listeners": f"{listener},CONTROLLER://{ports.LOOPBACK}:{self._controller_port}",
            "advertised.listeners": f"{listener},CONTROLLER://{ports.LOOPBACK}:{self._controller_port}",
            "controller.quorum.bootstrap.servers": f"{ports.LOOPBACK}:{self._controller_port}",
            "log.dirs": (self.folder / "records").as_posix(),
            **self._node,
        }

    def _java(self) -> list[str]:
        return [
            str(jars.java()),
            f"-Xmx{self._heap_mb}m",
            "-Xms64m",
            # One person's broker: a start in seconds counts for more than the last of its throughput.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            ":".join(str(jar) for jar in jars.class_path(self._cache)),
        ]

    def _format(self, java: list[str], properties: Path) -> None:
        """Format the storage unless it is; what another cluster or a later version wrote is left alone."""
        marker = self.folder / "cluster.json"
        found = self._formatted_as()
        if not marker.is_file():
            if found:
                raise FatalError(f"{self.folder} holds the data of another Kafka (cluster {found}): choose another folder")
            identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
            marker.write_text(json.dumps({"cluster": identity, "kafka": jars.KAFKA_VERSION}))
        wanted = self._read_marker(marker)
        if found == wanted:
            return
        if found:
            raise FatalError(
                f"{self.folder} was formatted as Kafka cluster {found}, but {marker.name} says {wanted}: "
                "choose another folder, or move this one away"
            )
        tool = [*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", wanted, "-c", str(properties)]
        done = subprocess.run(tool, capture_output=True, text=True, check=False, env=self.environment())  # noqa: S603 - our own command
        if done.returncode:
            said = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line and not line[0].isspace()]
            raise FatalError(f"{self.folder} could not be formatted for Kafka: {' '.join(said[-1:])[:300]}")

    def _read_marker(self, marker: Path) -> str:
        """The cluster that the folder is for, once its version is known to be one that this Kafka can read."""
        try:
            content = json.loads(marker.read_text())
            cluster, version = str(content["cluster"]), str(content["kafka"])
        except (ValueError, KeyError, TypeError):
            raise FatalError(f"{marker} is damaged: move {self.folder} away and start again") from None
        if _numbers(version) > _numbers(jars.KAFKA_VERSION):
            raise FatalError(
                f"{self.folder} was written by Kafka {version}, which {jars.KAFKA_VERSION} cannot read: "
                "upgrade groundswell, or choose another folder"
            )
        if version != jars.KAFKA_VERSION:
            marker.write_text(json.dumps({"cluster": cluster, "kafka": jars.KAFKA_VERSION}))
        return cluster

    def _formatted_as(self) -> str | None:
        """The cluster id in the storage; None where it was never formatted."""
        try:
            lines = (self.folder / "records" / "meta.properties").read_text().splitlines()
        except OSError:
            return None
        return next((line.partition("=")[2].strip() for line in lines if line.startswith("cluster.id")), "unknown")

    def ready(self) -> bool:
        """Whether the broker answers requests: it accepts connections a while before it does."""
        try:
            with socket.create_connection((ports.LOOPBACK, self._port), timeout=1) as connection:
                connection.settimeout(5)
                connection.sendall(ASK_VERSIONS)
                return len(connection.recv(1)) == 1
        except OSError:
            return False

    def complaint(self) -> str:
        """The last exception or error in the broker's log, or the last line that the JVM wrote."""
        log = self.folder / "kafka.log"
        return last_line(log, "Exception: ", "Error: ") or last_line(log, " ERROR ") or last_line(self.log)


def _escaped(value: str) -> str:
    """Return ``value`` as Java's properties files hold it: their encoding knows no Chinese."""
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]

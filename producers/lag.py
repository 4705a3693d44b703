"""How many texts wait to be read: the lag of a consumer group on the texts topic, watched from a thread of its own."""

import threading
from collections.abc import Callable

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from groundswell.clock import Clock
from groundswell.errors import GroundswellError
from groundswell.kafka import Topics, admin
from groundswell.settings import Settings

EVERY = 3.0
"""Seconds between two looks."""
BELIEVED = 30.0
"""Seconds after which a lag is too old to act on."""

Lag = Callable[[], int | None]
"""Tells the records that wait; none when it cannot tell."""


class LagWatcher:
    """Looks at the lag of ``group`` again and again; the last answer is there at once."""

    def __init__(self, settings: Settings, group: str, clock: Clock) -> None:
        self._settings = settings
        self._group = group
        self._clock = clock
        self._seen: tuple[float, int] | None = None
        self._stop = threading.Event()
        # A daemon: a broker that is away must not hold up the end of the process.
        threading.Thread(target=self._run, name="lag", daemon=True).start()

    def lag(self) -> int | None:
        """The records that wait in all partitions; none when nothing certain was seen lately."""
        if self._seen is None or self._clock.monotonic() - self._seen[0] > BELIEVED:
            return None
        return self._seen[1]

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                client = admin(self._settings)
            except (GroundswellError, OSError):
                self._stop.wait(EVERY)
                continue
            try:
                while not self._stop.is_set():
                    lag = group_lag(client, self._group, Topics(self._settings.kafka.topic_prefix).texts)
                    self._seen = (self._clock.monotonic(), lag)
                    self._stop.wait(EVERY)
            except (KafkaError, OSError):
                self._stop.wait(EVERY)
            finally:
                client.close()


def group_lag(client: KafkaAdminClient, group: str, topic: str) -> int:
    """The records of ``topic`` that ``group`` has not committed; a partition without a commit counts from its start.

    Raises KafkaError.
    """
    described = client.describe_topics([topic])
    partitions = [TopicPartition(topic, part["partition_index"]) for part in described[0]["partitions"]]
    committed = client.list_group_offsets({group: partitions}).get(group, {})
    ends = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    starts = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    lag = 0
    for partition in partitions:
        done = committed[partition].offset if partition in committed else -1
        lag += max(0, ends[partition].offset - max(done, starts[partition].offset))
    return lag

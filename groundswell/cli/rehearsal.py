"""A run of the whole pipeline over a known stream: its own topics and keys, its own stages, and an audit beside it."""

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from consumers.converger.queries import Trends
from consumers.notifier.delivery_queue import DeliveryQueue
from consumers.notifier.store import Deliveries
from groundswell import store
from groundswell.cli.audit import Audit
from groundswell.clock import SystemClock
from groundswell.errors import FatalError, GroundswellError
from groundswell.kafka import Publisher, Topics, admin, ensure_topics
from groundswell.local import LocalStack
from groundswell.local.ports import free_port
from groundswell.messages import Text
from groundswell.punctuation import punctuate
from groundswell.settings import Settings
from groundswell.supervise import STAGES, Supervisor
from producers.pace import paced
from producers.send import Sent, send_texts

BATCH = 256
"""Records in a batch: a run wants throughput more than latency."""
REPLAYED = ("diverger", "converger")
"""The stages of a replay: nobody is told of what happened last month."""
PACKED = frozenset({"zh", "en"})
Say = Callable[[str], None]


@dataclass(frozen=True)
class Summary:
    """What a run came to. ``lost`` and ``twice`` count pairs of text and subject, and texts without any reading."""

    twice: int
    lost: int
    unread: int
    seconds: float


class Rehearsal:
    """The running pipeline: send into it, watch it, and ask when it is through."""

    def __init__(self, settings: Settings, supervisor: Supervisor, stack: LocalStack | None) -> None:
        self.settings = settings
        self.supervisor = supervisor
        self.clock = SystemClock()
        self.audit = Audit(settings, self.clock)
        redis = store.connect(settings.redis)
        self.trends = Trends(redis, settings)
        self._queue = DeliveryQueue(redis, settings.redis.prefix, settings.notifier)
        self._deliveries = Deliveries(redis, settings.redis.prefix)
        self.sent = 0
        self.result: Sent | None = None
        self.stack = stack
        self._failure: BaseException | None = None
        self._final: datetime | None = None
        self.began = self.clock.monotonic()

    def send(self, texts: Iterable[Text], speed: float, final: datetime, say: Say) -> None:
        """Start to send ``texts`` on a thread, with watermarks, the last at ``final``."""
        self._final = final
        self.began = self.clock.monotonic()
        threading.Thread(target=self._send, args=(texts, speed, final, say), name="sender", daemon=True).start()

    def _send(self, texts: Iterable[Text], speed: float, final: datetime, say: Say) -> None:
        event_time = self.settings.event_time
        marked = punctuate(texts, event_time, final=final)
        items = paced(marked, speed, event_time, self.clock) if speed else marked
        publisher = Publisher(self.settings, "rehearsal")
        try:
            topics = Topics(self.settings.kafka.topic_prefix)
            self.result = send_texts(items, publisher, topics, self.clock, say=say, acknowledged=self._note_sent)
        except BaseException as error:  # noqa: BLE001 - handed to the watching thread, which ends the run with it
            self._failure = error
        finally:
            publisher.close()

    def _note_sent(self, texts: int) -> None:
        self.sent = texts

    def finished(self) -> bool:
        """Look at everything once; whether every text is through and the last window closed. Raises what went wrong."""
        if self._failure is not None:
            raise self._failure
        if self.stack is not None:
            self.stack.check()
        self.supervisor.check()
        self.audit.poll()
        if self.result is None or self._final is None:
            return False
        try:
            return self._settled(self._final) and self.audit.at_end()
        except GroundswellError:
            return False  # a server that is coming back is asked again

    def _settled(self, final: datetime) -> bool:
        minute = int(final.timestamp() // 60)
        heard = all(mark >= minute * 60 for mark in self.trends.watermarks())
        closed = all(at is None or at >= minute for at in self.trends.closed())
        return heard and closed and self.trends.waiting() == 0

    def told(self) -> bool:
        """Whether the notifier has read every alert, and every receiver has taken what was for it."""
        try:
            notified = self._queue.position(0) or 0
            return notified >= self.audit.alerts_read() and self._deliveries.waiting() == 0
        except GroundswellError:
            return False  # a server that is coming back is asked again

    def summary(self, texts: Callable[[], Iterable[Text]]) -> Summary:
        """Hold the trends against the topics, and the readings against ``texts``, which is read again."""
        from model.cleaning import joined  # noqa: PLC0415
        from model.language import route  # noqa: PLC0415

        seconds = self.clock.monotonic() - self.began
        twice, missing = self.audit.compare(self.trends)
        totals = self.audit.totals
        silent = {text.id: text for text in texts() if text.id not in totals.texts | totals.unfit}
        unread = sum(route(joined(text), text.lang) not in PACKED for text in silent.values())
        return Summary(twice, missing + len(silent) - unread, unread, seconds)


@contextmanager
def rehearse(
    settings: Settings, *, private: bool, data: Path | None, say: Say, stages: Sequence[str] = REPLAYED
) -> Iterator[Rehearsal]:
    """The pipeline of ``settings`` on a private local stack, or on the servers of ``settings`` under its own prefix."""
    with ExitStack() as cleanup:
        folder = data or Path(cleanup.enter_context(TemporaryDirectory(prefix="groundswell-", ignore_cleanup_errors=True)))
        chosen = _own(settings, folder)
        stack = None
        if not private:
            chosen = _apart(chosen)
        else:
            stack = cleanup.enter_context(LocalStack(folder, settings.cache_dir, say=say))
            chosen = stack.settings(chosen)
        ensure_topics(chosen)
        if not private:
            say(f"topics and keys of this run begin with {chosen.kafka.topic_prefix}; they are deleted at its end")
            cleanup.callback(_remove, chosen)
        supervisor = cleanup.enter_context(Supervisor(chosen, stages, say))
        rehearsal = Rehearsal(chosen, supervisor, stack)
        cleanup.callback(rehearsal.audit.close)
        yield rehearsal


def _remove(settings: Settings) -> None:
    """Delete the topics and the keys of a run on servers that stay."""
    topics = Topics(settings.kafka.topic_prefix)
    client = admin(settings)
    try:
        client.delete_topics(list(topics.wanted(settings)))
    finally:
        client.close()
    redis = store.connect(settings.redis)
    with store.errors():
        for key in redis.scan_iter(match=f"{{{settings.redis.prefix}:*", count=1000):
            redis.delete(key)


def _own(settings: Settings, folder: Path) -> Settings:
    """Settings with free metrics ports, and event time that follows the texts alone."""
    ports = {f"{stage}_port": free_port() for stage in STAGES}
    return settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update={"create_topics": True}),
            "event_time": settings.event_time.model_copy(update={"idle_timeout": None}),
            "loop": settings.loop.model_copy(update={"batch_records": BATCH, "prefetch_records": 4 * BATCH}),
            "metrics": settings.metrics.model_copy(update=ports),
            "data_dir": folder,
        }
    )


def _apart(settings: Settings) -> Settings:
    """Settings under a prefix of their own: what the servers hold already is left alone, and nobody is told."""
    prefix = f"{settings.kafka.topic_prefix}.run-{secrets.token_hex(4)}"
    kafka = settings.kafka.model_copy(update={"topic_prefix": prefix})
    return settings.model_copy(update={"kafka": kafka, "redis": settings.redis.model_copy(update={"prefix": prefix})})


def require_texts(count: int, name: str) -> None:
    """FatalError where there is nothing to run over."""
    if not count:
        raise FatalError(f"{name}: no line of it is a text; see `groundswell produce file --help` for what a text needs")

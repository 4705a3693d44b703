"""Diverger and converger as loops over the real broker and the real Valkey, in one process."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from kafka import TopicPartition

from consumers.converger.queries import Trends
from consumers.converger.stage import Converger
from consumers.diverger import Diverger
from groundswell import kafka, store
from groundswell.clock import SystemClock
from groundswell.consume import ConsumeLoop
from groundswell.kafka import Output, Publisher, Topics
from groundswell.messages import Alert, AlertState, Text, Watermark
from groundswell.settings import EventTimeSettings, LoopSettings, Settings
from groundswell.stage import Stage
from model.entities import Entity, Watchlist
from model.pack import Prediction
from model.reader import Reader

START = datetime(2024, 11, 25, tzinfo=UTC)
WATCHLIST = Watchlist([Entity(id="apple", name="Apple"), Entity(id="tesla", name="Tesla")])


class ByWord:
    """A predictor to which what fell is bad and all else of no account."""

    name = "by-word"
    version = "1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._one("fell" in text) for text in texts]

    def _one(self, bad: bool) -> Prediction:
        stance = (0.9, 0.08, 0.02) if bad else (0.1, 0.8, 0.1)
        return Prediction(stance, {"earnings": 0.9}, ("earnings",), {}, ("fell",) if bad else (), truncated=False)


def texts() -> list[Text]:
    """Two days of two texts an hour on each of two firms, then a hundred bad ones on one of them in 50 minutes.

    No two of them have much in common: variants of one sentence would be one story.
    """
    random, syllables = Random(1), ("ba", "de", "fi", "go", "lu", "ma", "ne", "po", "ri", "su", "ta", "vo")  # noqa: S311
    calm = [("Tesla" if number % 2 else "Apple", "shows", number * 15.0) for number in range(200)]
    bad = [("Apple", "fell on", 50 * 60 + number / 2) for number in range(100)]
    return [
        Text(
            text=f"{firm} {verb} {' '.join(''.join(random.choices(syllables, k=3)) for _ in range(6))}",
            source=f"wire{at % 3}",
            author=f"writer {at}",
            published_at=START + timedelta(minutes=minutes),
            ingested_at=START + timedelta(minutes=minutes),
        )
        for at, (firm, verb, minutes) in enumerate(calm + bad)
    ]


@contextmanager
def running(settings: Settings, stage: Stage) -> Iterator[None]:
    loop = ConsumeLoop(settings, stage)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            loop.run(signals=False)
        except BaseException as error:  # noqa: BLE001 - told where the test ends
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert not failures


def alerts(settings: Settings) -> list[Alert]:
    reader, partition = kafka.consumer(settings, None), TopicPartition(Topics(settings.kafka.topic_prefix).alerts, 0)
    reader.assign([partition])
    reader.seek_to_beginning(partition)
    end, found = reader.end_offsets([partition])[partition], []
    while reader.position(partition) < end:
        found += [Alert.from_wire(one.value) for records in reader.poll(timeout_ms=100).values() for one in records]
    reader.close()
    return found


def test_a_planted_surge_fires_and_the_trends_add_up(
    settings: Settings, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    settings = settings.model_copy(
        update={
            "event_time": EventTimeSettings(idle_timeout=None),
            "loop": LoopSettings(commit_interval=0.2, session_timeout=3.0),
        }
    )
    kafka.ensure_topics(settings)
    topics, sent = Topics(settings.kafka.topic_prefix), texts()
    last = Watermark(partition=0, of=2, time=START + timedelta(hours=80))
    publisher = Publisher(settings, "test")
    publisher.publish(Output.of(topics.texts, one.id, one, partition=at % 2) for at, one in enumerate(sent))
    publisher.publish(Output.of(topics.texts, "mark", last, partition=number) for number in range(2))
    publisher.close()

    client = store.connect(settings.redis)
    reader = Reader({"en": ByWord()}, lambda: WATCHLIST, b"key")
    stages: list[Stage] = [
        Diverger(reader, topics, (2, 2), settings.event_time, SystemClock()),
        Converger(settings, client, lambda: {"apple": "Apple"}, SystemClock()),
    ]
    trends, end = Trends(client, settings), int(last.time.timestamp()) // 60
    firms = Counter(one.text.split()[0].casefold() for one in sent)
    due = {f"{topic}/{firm}": count for firm, count in firms.items() for topic in ("*", "earnings")} | {"earnings/*": 300}

    def done() -> bool:
        whole = {one.subject: one.trend.texts for one in trends.all()} == due
        return whole and {*trends.closed()} <= {None, end} and trends.waiting() == 0

    with ExitStack() as stack:
        for stage in stages:
            stack.enter_context(running(settings, stage))
        assert eventually(done)
    told = alerts(settings)
    client.close()

    firing = [one for one in told if one.state == AlertState.FIRING and one.subject.entity == "apple"]
    assert firing
    assert firing[0].headline.en.startswith("Apple")
    assert len({(one.id, one.revision) for one in told}) == len(told)

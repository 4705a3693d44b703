"""The metrics page: small whatever goes through the stages, without series of partitions that are gone."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, islice, product

import pytest

from consumers.converger.stage import Converger
from consumers.diverger import Diverger
from groundswell import metrics, store
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import Text
from groundswell.metrics import MetricsServer
from groundswell.settings import Settings
from model.entities import Watchlist
from model.pack import Prediction
from model.reader import Reader

NOW = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
TICKERS = ["".join(letters) for letters in islice(product("BCDFGHJKLMNPQRSTVWXZ", repeat=4), 10_000)]


@pytest.fixture
def page() -> Iterator[MetricsServer]:
    """The page, with nothing on it of what other tests did."""
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            metric.clear()
    server = MetricsServer("127.0.0.1", 0, lambda: (True, "well"))
    yield server
    server.close()


def read(server: MetricsServer, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
        body: bytes = answer.read()
    return body.decode()


class Gloomy:
    """A predictor to which all news is bad."""

    name, version = "gloomy", "1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [Prediction((0.9, 0.05, 0.05), {"earnings": 0.9}, ("earnings",), {}, (), truncated=False) for _ in texts]


def records(outputs: Sequence[Output]) -> list[Record]:
    """``outputs`` as if they had been read from one partition."""
    numbers = count()
    now = int(NOW.timestamp() * 1000)
    return [Record(one.topic, 0, next(numbers), one.key, one.value, now, one.headers) for one in outputs]


def test_ten_thousand_tickers_leave_the_page_small(page: MetricsServer, settings: Settings) -> None:
    topics = Topics(settings.kafka.topic_prefix)
    reader = Reader({"en": Gloomy()}, Watchlist, b"key")
    diverger = Diverger(reader, topics, (1, 1), settings.event_time, SystemClock())
    texts = [
        Text.model_validate({"text": f"${ticker} fell", "source": f"s{ticker}", "published_at": NOW, "ingested_at": NOW})
        for ticker in TICKERS
    ]
    read_texts = diverger.process(records([Output.of(topics.texts, text.id, text) for text in texts]), {0: ""})
    assert read_texts.acknowledged
    read_texts.acknowledged()
    entities = {output.key.decode() for output in read_texts.outputs}
    assert len(entities & set(TICKERS)) == len(TICKERS)
    converger = Converger(settings, store.connect(settings.redis), dict, SystemClock())
    converger.open(0)
    for start in range(0, 2_000, 500):
        converger.process(records(read_texts.outputs[: start + 500])[start:], {0: ""})
    shown = read(page)
    assert "groundswell_hypotheses_total" in shown
    assert "groundswell_pairs_total{" in shown
    assert len(shown.splitlines()) < 500
    assert TICKERS[0] not in shown


def test_a_language_nobody_has_heard_of_has_no_series_of_its_own() -> None:
    assert [metrics.language_label(one) for one in ("zh", "en", "und", "tlh")] == ["zh", "en", "und", "other"]


def test_the_series_of_a_partition_that_was_taken_away_go(page: MetricsServer) -> None:
    for partition in ("3", "4"):
        metrics.LAG_RECORDS.labels("diverger", partition).set(7)
        metrics.LAG_SECONDS.labels("diverger", partition).set(1.5)
    metrics.remove_partition("diverger", 3)
    shown = read(page)
    assert 'partition="3"' not in shown
    assert 'groundswell_lag_records{partition="4",stage="diverger"} 7.0' in shown
    assert 'groundswell_lag_seconds{partition="4",stage="diverger"} 1.5' in shown


def test_the_convergers_series_of_a_partition_go_too(page: MetricsServer) -> None:
    metrics.WATERMARK.labels("3").set(1)
    metrics.OPEN_ALERTS.labels("3", "firing").set(1)
    metrics.remove_converger_partition(3)
    assert 'partition="3"' not in read(page)


def test_a_partition_without_series_can_be_taken_away() -> None:
    metrics.remove_partition("diverger", 99)
    metrics.remove_converger_partition(99)


def test_every_metric_says_what_it_is(page: MetricsServer) -> None:
    shown = read(page)
    names = {line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE groundswell_")}
    assert len(names) > 15
    assert all(f"# HELP {name} " in shown for name in names)


def test_health_is_told_beside_the_metrics(page: MetricsServer) -> None:
    assert json.loads(read(page, "/healthz")) == {"healthy": True, "reason": "well"}


def test_a_process_that_is_unwell_answers_503_with_its_reason() -> None:
    server = MetricsServer("127.0.0.1", 0, lambda: (False, "no progress for 180 s"))
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            read(server, "/healthz")
        with refused.value as answer:
            assert answer.code == 503
            assert json.loads(answer.read())["reason"] == "no progress for 180 s"
    finally:
        server.close()


def test_a_port_that_is_taken_is_told_in_one_line(page: MetricsServer) -> None:
    with pytest.raises(FatalError, match=rf"^metrics port 127\.0\.0\.1:{page.port}: .*set another under \[metrics\]$"):
        MetricsServer("127.0.0.1", page.port, lambda: (True, ""))

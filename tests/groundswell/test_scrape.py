"""Samples of the stages' metrics pages, and what follows from two of them."""

import math
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from groundswell.clock import ManualClock
from groundswell.metrics import END_TO_END, LAG_RECORDS, LAG_SECONDS, RECORDS_FAILED, RECORDS_IN, MetricsServer
from groundswell.scrape import Sample, Scraper, quantile, rates


def test_the_page_of_a_stage_gives_its_rates_lag_and_latency() -> None:
    stage = "scraped"
    clock = ManualClock(datetime(2026, 3, 4, tzinfo=UTC))
    server = MetricsServer("127.0.0.1", 0, lambda: (True, ""))
    scraper = Scraper({stage: f"http://127.0.0.1:{server.port}/metrics"}, clock)
    RECORDS_IN.labels(stage).inc(100)
    assert scraper.read()[stage] is not None
    RECORDS_IN.labels(stage).inc(50)
    RECORDS_FAILED.labels(stage, "poison").inc(2)
    for partition, lag in (("0", 3), ("1", 4)):
        LAG_RECORDS.labels(stage, partition).set(lag)
        LAG_SECONDS.labels(stage, partition).set(lag * 10)
    for _ in range(10):
        END_TO_END.labels(stage).observe(0.2)
    clock.advance(timedelta(seconds=5))
    found = scraper.read()[stage]
    scraper.close()
    server.close()
    assert found is not None
    assert found.records_in == pytest.approx(10)
    assert (found.failed, found.lag_records, found.lag_seconds) == (2, 7, 40)
    assert found.p50 is not None
    assert 0.1 < found.p50 <= 0.25


def test_a_stage_that_does_not_answer_has_no_rates() -> None:
    clock = ManualClock(datetime(2026, 3, 4, tzinfo=UTC))
    scraper = Scraper({"away": "http://127.0.0.1:9/metrics"}, clock)
    assert scraper.read() == {"away": None}
    scraper.close()


def test_a_stage_that_starts_anew_never_shows_a_negative_rate() -> None:
    found = rates(deque([Sample(at=0, records_in=900), Sample(at=2, records_in=10), Sample(at=4, records_in=30)]))
    assert found.records_in == 10


def test_one_sample_gives_no_rate_yet() -> None:
    assert rates(deque([Sample(at=0, records_in=900)])).records_in is None


def test_a_quantile_is_linear_within_its_bucket() -> None:
    assert quantile({}, {1.0: 0, 2.0: 100, math.inf: 100}, 0.5) == pytest.approx(1.5)


def test_a_quantile_counts_only_what_came_between_two_samples() -> None:
    before, after = {1.0: 100.0, 2.0: 100.0, math.inf: 100.0}, {1.0: 100.0, 2.0: 110.0, math.inf: 110.0}
    assert quantile(before, after, 0.95) == pytest.approx(1.95)


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    assert quantile({}, {1.0: 0, math.inf: 5}, 0.5) == 1.0


def test_no_records_have_no_quantile() -> None:
    assert quantile({1.0: 4, math.inf: 4}, {1.0: 4, math.inf: 4}, 0.5) is None

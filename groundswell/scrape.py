"""What the stages say of themselves: their Prometheus pages read into samples, and rates between two samples."""

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from groundswell.clock import Clock

WINDOW = 10.0
"""Seconds over which rates are taken."""
LATENCY_WINDOW = 60.0
"""Seconds over which latencies are taken: quantiles of few records say nothing."""
TIMEOUT = 1.0


@dataclass(frozen=True)
class Sample:
    """One reading of a stage's page, at ``at`` seconds of the monotonic clock.

    ``latency`` holds the cumulative counts of the end-to-end histogram by upper bound.
    """

    at: float
    records_in: float = 0.0
    records_out: float = 0.0
    failed: float = 0.0
    lag_records: float | None = None
    lag_seconds: float | None = None
    latency: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rates:
    """What a stage did lately. None: not known (yet). Rates are records per second, latencies seconds."""

    records_in: float | None = None
    records_out: float | None = None
    failed: float = 0.0
    lag_records: float | None = None
    lag_seconds: float | None = None
    p50: float | None = None
    p95: float | None = None


def parse(page: str, stage: str, at: float) -> Sample:
    """Return the sample of ``stage`` in the text of a Prometheus page; ValueError where it is no such page."""
    sums: dict[str, float] = defaultdict(float)
    lags: dict[str, list[float]] = defaultdict(list)
    latency: dict[float, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.labels.get("stage") != stage:
                continue
            if sample.name == "groundswell_end_to_end_seconds_bucket":
                latency[float(sample.labels["le"])] = sample.value
            elif family.type == "gauge":
                lags[sample.name].append(sample.value)
            else:
                sums[sample.name] += sample.value
    records, seconds = lags["groundswell_lag_records"], lags["groundswell_lag_seconds"]
    return Sample(
        at=at,
        records_in=sums["groundswell_records_in_total"],
        records_out=sums["groundswell_records_out_total"],
        failed=sums["groundswell_records_failed_total"],
        lag_records=sum(records) if records else None,
        lag_seconds=max(seconds) if seconds else None,
        latency=latency,
    )


def quantile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float | None:
    """Return the latency that ``share`` of the records between two histograms stayed under; None without records.

    Linear within a bucket, as Prometheus' histogram_quantile; above the last finite bound that bound is returned.
    """
    bounds = sorted(after)
    counts = [after[bound] - before.get(bound, 0.0) for bound in bounds]
    if not counts or counts[-1] <= 0:
        return None
    wanted = share * counts[-1]
    below, floor = 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=True):
        if count >= wanted:
            return floor if math.isinf(bound) else floor + (bound - floor) * (wanted - below) / max(count - below, 1e-9)
        below, floor = count, bound
    return floor


def rates(samples: "deque[Sample]") -> Rates:
    """Return the rates over the last samples, oldest first; a stage that started anew begins anew."""
    now = samples[-1]
    known = [sample for sample in samples if sample.records_in <= now.records_in and sample.failed <= now.failed]
    near = next(sample for sample in known if now.at - sample.at <= WINDOW)
    span = now.at - near.at
    return Rates(
        records_in=(now.records_in - near.records_in) / span if span else None,
        records_out=max(0.0, now.records_out - near.records_out) / span if span else None,
        failed=now.failed,
        lag_records=now.lag_records,
        lag_seconds=now.lag_seconds,
        p50=quantile(known[0].latency, now.latency, 0.5),
        p95=quantile(known[0].latency, now.latency, 0.95),
    )


class Scraper:
    """Reads the page of each stage, by its address, and keeps a minute of samples."""

    def __init__(self, pages: Mapping[str, str], clock: Clock) -> None:
        self._pages = pages
        self._clock = clock
        self._samples: dict[str, deque[Sample]] = {stage: deque() for stage in pages}
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False)

    def read(self) -> dict[str, Rates | None]:
        """Return the rates of each stage; None for one that does not answer."""
        return {stage: self._read(stage, url) for stage, url in self._pages.items()}

    def _read(self, stage: str, url: str) -> Rates | None:
        samples = self._samples[stage]
        try:
            page = self._client.get(url).raise_for_status().text
            samples.append(parse(page, stage, self._clock.monotonic()))
        except (httpx.HTTPError, ValueError):
            return None
        while samples[-1].at - samples[0].at > LATENCY_WINDOW:
            samples.popleft()
        return rates(samples)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

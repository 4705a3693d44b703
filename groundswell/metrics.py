"""Every Prometheus metric: its help, labels and buckets, and the HTTP page that shows them beside the health of the process.

Label values come from closed sets (stages, partitions, reasons, languages, topics, the watchlist), never from a text, an
author or a ticker found in one, so the page stays small however many entities there are.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics, make_wsgi_app

from groundswell.errors import FatalError

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which nothing reads

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
AGES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
READINGS = (1, 2, 3, 4, 5, 6, 7, 8)

RECORDS_IN = Counter("groundswell_records_in", "Records taken from Kafka.", ["stage"])
RECORDS_OUT = Counter("groundswell_records_out", "Records that Kafka acknowledged.", ["stage"])
RECORDS_FAILED = Counter("groundswell_records_failed", "Records that could not be processed.", ["stage", "reason"])
BATCH_SECONDS = Histogram("groundswell_batch_seconds", "Time to process a batch.", ["stage"], buckets=SECONDS)
BATCH_RECORDS = Histogram("groundswell_batch_records", "Records in a batch.", ["stage"], buckets=SIZES)
RETRIES = Counter("groundswell_batch_retries", "Batches tried again after a passing fault.", ["stage"])
LAG_RECORDS = Gauge("groundswell_lag_records", "Records not yet done in a partition.", ["stage", "partition"])
LAG_SECONDS = Gauge("groundswell_lag_seconds", "Age of the oldest record not yet done.", ["stage", "partition"])
END_TO_END = Histogram(
    "groundswell_end_to_end_seconds",
    "From ingestion of a text (notifier: from the alert) to the end of the stage.",
    ["stage"],
    buckets=AGES,
)
LAST_PROGRESS = Gauge("groundswell_last_progress_timestamp_seconds", "When the stage last got something done.", ["stage"])
REBALANCES = Counter("groundswell_rebalances", "Partitions given or taken.", ["stage", "change"])
PREFETCHED = Gauge("groundswell_prefetched_records", "Records read and waiting.", ["stage"])

TEXTS_READ = Counter("groundswell_texts_read", "Texts by language; und and others have no pack.", ["language"])
HYPOTHESES = Counter("groundswell_hypotheses", "Hypotheses given for texts.", ["language"])
TRUNCATED = Counter("groundswell_texts_truncated", "Texts too long to be read to the end.", ["language"])
STANCE_MASS = Counter(
    "groundswell_stance_mass", "Sum of stance probabilities over texts, unsure texts as neutral.", ["language", "stance"]
)
UNSURE = Counter("groundswell_texts_unsure", "Texts whose most probable stance is under one half.", ["language"])
CONFIDENCE = Histogram(
    "groundswell_confidence", "Probability of the first reading, and of the leading stance.", ["language", "of"], buckets=SHARES
)
SET_SIZE = Histogram("groundswell_readings_per_text", "Readings kept of a text.", ["language"], buckets=READINGS)
FIRST_TOPICS = Counter("groundswell_first_topics", "Texts by the topic of their first reading.", ["language", "topic"])
DRIFT = Gauge(
    "groundswell_drift_psi", "Population stability index of the mix read lately against that of training.", ["language", "of"]
)
WATERMARK = Gauge("groundswell_watermark_timestamp_seconds", "Event time up to which minutes are closed.", ["partition"])
PAIRS = Counter("groundswell_pairs", "Pairs of text and subject by what became of them.", ["result"])
ALERTS = Counter("groundswell_alerts", "Alert transitions.", ["kind", "state"])
OPEN_ALERTS = Gauge("groundswell_open_alerts", "Alerts now open, by state.", ["partition", "state"])
FLAPPING_ALERTS = Gauge("groundswell_flapping_alerts", "Of those, alerts that fired again and again lately.", ["partition"])
UNHEARD_ALERTS = Gauge("groundswell_unheard_alerts", "Of those, alerts held open because no texts come at all.", ["partition"])
TOPIC_TEXTS = Counter("groundswell_topic_texts", "Texts counted for a topic, whatever their entity.", ["topic"])
TOPIC_STANCE = Counter("groundswell_topic_stance_mass", "Sum of stance probabilities over those texts.", ["topic", "stance"])
HOT_TEXTS = Gauge("groundswell_hot_subject_texts", "Texts of the hottest subjects in six hours of event time.", ["subject"])
HOT_NEGATIVE = Gauge("groundswell_hot_subject_negative_ratio", "Share of their stance mass that is negative.", ["subject"])
SELF_TEST = Gauge("groundswell_self_test_timestamp_seconds", "When a pack last read its canned sentences right.", ["language"])
PACK_RELOADS = Counter("groundswell_pack_reloads", "Changed packs, taken or refused.", ["language", "result"])
SHADOW_TEXTS = Counter("groundswell_shadow_texts", "Texts that a shadow pack read too.", ["language"])
SHADOW_AGREEMENT = Counter(
    "groundswell_shadow_agreement", "Those of them with the same stance, or the same first topic.", ["language", "of"]
)
SHADOW_GAP = Counter("groundswell_shadow_negative_gap", "Sum of their absolute differences of P(negative).", ["language"])
SHADOW_LOST = Counter("groundswell_shadow_lost", "Texts that a shadow pack was busy for or failed at.", ["language", "reason"])
PRODUCED = Counter("groundswell_texts_produced", "Texts that Kafka acknowledged, by producer.", ["producer"])
REFUSED = Counter("groundswell_texts_refused", "Texts that a producer did not take.", ["producer", "reason"])

DELIVERIES = Counter("groundswell_deliveries", "Tries to tell a receiver, by what became of them.", ["channel", "result"])
DELIVERY_SECONDS = Histogram("groundswell_delivery_seconds", "Time of a try to tell a receiver.", ["channel"], buckets=SECONDS)
DELIVERIES_WAITING = Gauge("groundswell_deliveries_waiting", "Notifications not yet delivered.")
OLDEST_DELIVERY = Gauge("groundswell_oldest_delivery_seconds", "Age of the oldest notification not yet delivered.")
SUBSCRIPTIONS = Gauge("groundswell_subscriptions", "Subscriptions in force.")
NOTIFICATIONS_HELD = Counter(
    "groundswell_notifications_held", "Notifications held back when they were due, by what holds them.", ["by"]
)
ALERTS_HELD = Gauge("groundswell_alerts_held", "Alerts of which someone is told only when a silence or the like ends.")
SILENCES = Gauge("groundswell_silences", "Silences in force or to come.")

KNOWN_LANGUAGES = frozenset({"zh", "en", "und"})
OPEN_STATES = ("pending", "firing", "acknowledged")


def language_label(language: str) -> str:
    """``language`` where it is one of the closed set, else ``other``."""
    return language if language in KNOWN_LANGUAGES else "other"


def begin(stage: str) -> None:
    """Show the counters of ``stage`` at 0 from its start: a rate misses what a series is born with."""
    for counter in (RECORDS_IN, RECORDS_OUT, RETRIES):
        counter.labels(stage)
    for reason in ("poison", "too_large", "corrupt"):
        RECORDS_FAILED.labels(stage, reason)
    for change in ("assigned", "revoked"):
        REBALANCES.labels(stage, change)
    for histogram in (BATCH_SECONDS, BATCH_RECORDS, END_TO_END):
        histogram.labels(stage)


def remove_partition(stage: str, partition: int) -> None:
    """Drop the series of a partition that was taken away: a stale lag is worse than none."""
    for gauge in (LAG_RECORDS, LAG_SECONDS):
        _remove(gauge, stage, str(partition))


def remove_converger_partition(partition: int) -> None:
    """Drop the converger's own series of a partition that was taken away."""
    for gauge in (WATERMARK, FLAPPING_ALERTS, UNHEARD_ALERTS):
        _remove(gauge, str(partition))
    for state in OPEN_STATES:
        _remove(OPEN_ALERTS, str(partition), state)


def remove_hot_subject(subject: str) -> None:
    """Drop the series of a subject that is not among the hottest any more."""
    for gauge in (HOT_TEXTS, HOT_NEGATIVE):
        _remove(gauge, subject)


def _remove(gauge: Gauge, *labels: str) -> None:
    with contextlib.suppress(KeyError):  # it has no such series
        gauge.remove(*labels)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: scrapes are no news."""


class MetricsServer:
    """``/metrics`` for Prometheus and ``/healthz`` for probes, on a thread of their own.

    ``healthy`` gives (is it well, why); 200 or 503 follows.
    """

    def __init__(self, host: str, port: int, healthy: Callable[[], tuple[bool, str]]) -> None:
        pages = make_wsgi_app(REGISTRY)

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ.get("PATH_INFO") != "/healthz":
                body: Iterable[bytes] = pages(environ, start_response)
                return body
            well, why = healthy()
            start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
            return [json.dumps({"healthy": well, "reason": why}).encode()]

        try:
            self._server = make_server(host, port, serve, server_class=_Server, handler_class=_Quiet)
        except OSError as error:
            raise FatalError(f"metrics port {host}:{port}: {error.strerror}; set another under [metrics]") from None
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

"""The hottest subjects: closed sets only, at most twenty, cheap, and gone from the page when they cool down."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from consumers.converger.closing import Closing
from consumers.converger.events import Event
from consumers.converger.hottest import EVERY_SECONDS, MOST, Hottest, hottest
from consumers.converger.partition import Partition
from groundswell import metrics
from groundswell.clock import ManualClock
from groundswell.settings import ConvergerSettings
from model import taxonomy

MakeEvent = Callable[..., Event]

START = 28_000_020
TOPICS = taxonomy.load().topics
WATCHED = {"acme": "Acme", "bolt": "Bolt"}


def closed(events: list[Event], until: int) -> Partition:
    """A partition whose minutes before ``until`` are closed."""
    partition = Partition()
    minutes: dict[int, list[Event]] = {}
    for event in events:
        minutes.setdefault(event.minute, []).append(event)
    Closing(ConvergerSettings(), taxonomy.load(), dict).close(partition, dict(sorted(minutes.items())), until)
    return partition


def shown(subject: str) -> tuple[float | None, float | None]:
    """Texts and negative share of a subject on the page."""
    labels = {"subject": subject}
    texts = REGISTRY.get_sample_value("groundswell_hot_subject_texts", labels)
    return texts, REGISTRY.get_sample_value("groundswell_hot_subject_negative_ratio", labels)


@pytest.fixture(autouse=True)
def _clean_page() -> Iterator[None]:
    """No series of other tests, and none left for them."""
    for gauge in (metrics.HOT_TEXTS, metrics.HOT_NEGATIVE):
        gauge.clear()
    yield
    for gauge in (metrics.HOT_TEXTS, metrics.HOT_NEGATIVE):
        gauge.clear()


def test_the_subject_with_most_texts_leads_with_its_negative_share(event: MakeEvent) -> None:
    loud = [event(at, START + at, subjects=("liquidity/acme", "*/acme"), negative=800) for at in range(10)]
    quiet = [event(at, START + at, subjects=("*/bolt",), negative=200) for at in range(20, 24)]
    found = hottest([closed(loud + quiet, START + 60)], TOPICS, WATCHED)
    assert [(one.subject, one.texts) for one in found] == [("*/acme", 10), ("liquidity/acme", 10), ("*/bolt", 4)]
    assert [one.negative for one in found] == pytest.approx([0.8, 0.8, 0.2])


def test_a_ticker_that_was_only_found_in_texts_is_not_shown(event: MakeEvent) -> None:
    texts = [event(at, START, subjects=("*/ZZZQ", "liquidity/ZZZQ")) for at in range(50)]
    texts.append(event(99, START, subjects=("liquidity/*",)))
    assert [one.subject for one in hottest([closed(texts, START + 1)], TOPICS, WATCHED)] == ["liquidity/*"]


def test_a_topic_that_the_taxonomy_does_not_have_is_not_shown(event: MakeEvent) -> None:
    texts = [event(1, START, subjects=("weather/*",)), event(2, START, subjects=("weather/acme",))]
    assert hottest([closed(texts, START + 1)], TOPICS, WATCHED) == []


def test_texts_older_than_six_hours_of_event_time_do_not_count(event: MakeEvent) -> None:
    texts = [event(at, START + at, subjects=("*/acme",)) for at in (0, 1, 200, 359, 361)]
    assert [one.texts for one in hottest([closed(texts, START + 362)], TOPICS, WATCHED)] == [3]


def test_no_more_than_twenty_subjects_are_shown_and_they_are_the_hottest(event: MakeEvent) -> None:
    watched = {f"firm{number:02}": "Firm" for number in range(40)}
    texts = [event(at * 100 + one, START, subjects=(f"*/firm{at:02}",)) for at in range(40) for one in range(at + 1)]
    found = hottest([closed(texts[::2], START + 1), closed(texts[1::2], START + 1)], TOPICS, watched)
    assert len(found) == MOST
    assert [one.texts for one in found] == sorted((one.texts for one in found), reverse=True)


def test_a_subject_that_cools_down_leaves_the_page(event: MakeEvent) -> None:
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    hot = Hottest(taxonomy.load(), lambda: WATCHED, clock)
    hot.refresh([closed([event(1, START, subjects=("*/acme",))], START + 1)])
    assert shown("*/acme") == (1.0, 0.9)
    clock.advance(timedelta(seconds=EVERY_SECONDS))
    hot.refresh([closed([event(2, START, subjects=("*/bolt",))], START + 1)])
    assert shown("*/acme") == (None, None)
    assert shown("*/bolt") == (1.0, 0.9)


def test_it_looks_no_more_often_than_every_thirty_seconds(event: MakeEvent) -> None:
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    hot = Hottest(taxonomy.load(), lambda: WATCHED, clock)
    hot.refresh([])
    clock.advance(timedelta(seconds=EVERY_SECONDS - 1))
    hot.refresh([closed([event(1, START, subjects=("*/acme",))], START + 1)])
    assert shown("*/acme") == (None, None)


def test_ten_thousand_subjects_are_looked_through_once(event: MakeEvent) -> None:
    """Half of the texts are just out of the window: then no subject can be passed over by its number of texts in memory."""
    watched = {f"firm{number}": "Firm" for number in range(5000)}
    partition = Partition(closed=START + 390)
    for number in range(50_000):
        firm = number % 5000
        one = event(number, START + number // 5000 * 10 - 15, subjects=(f"*/firm{firm}", f"liquidity/firm{firm}"))
        partition.remember(one, one.minute)
    began = time.process_time()
    found = hottest([partition], TOPICS, watched)
    took = time.process_time() - began
    assert [one.texts for one in found] == [5] * MOST
    assert took < 5.0  # looking through all of them for each would take minutes

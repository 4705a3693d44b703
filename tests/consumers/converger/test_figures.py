"""What the converger tells Prometheus: open alerts by state, event time, and each text once a topic."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from consumers.converger import figures
from consumers.converger.events import Event
from consumers.converger.life import Life, Phase
from consumers.converger.partition import Happening, Partition
from groundswell import metrics
from groundswell.kafka import Record
from groundswell.messages import Message, Stance, Subject, Watermark
from model import taxonomy
from model.evidence import even, priors
from tests.alerts import alert_of

MakeEvent = Callable[..., Event]
Line = Callable[..., list[Record]]
Mark = Callable[..., Watermark]

START = 28_000_020
HOUR = 3600
TAXONOMY = taxonomy.load()


@pytest.fixture(autouse=True)
def _clean_page() -> Iterator[None]:
    for metric in (metrics.TOPIC_TEXTS, metrics.TOPIC_STANCE, metrics.OPEN_ALERTS, metrics.WATERMARK):
        metric.clear()
    yield
    metrics.remove_converger_partition(0)


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"groundswell_{name}", labels)


def test_a_text_that_names_an_entity_counts_once_for_its_topic(event: MakeEvent) -> None:
    of_entity = event(1, START, subjects=("liquidity/acme", "*/acme"))
    of_topic = event(1, START, subjects=("liquidity/*",), negative=700, positive=100)
    figures.count_topics([[of_entity, of_topic]], TAXONOMY)
    assert value("topic_texts_total", topic="liquidity") == 1
    masses = [value("topic_stance_mass_total", topic="liquidity", stance=one) for one in figures.STANCES]
    assert masses == pytest.approx([0.7, 0.2, 0.1])


def test_a_topic_that_the_taxonomy_does_not_have_counts_as_other(event: MakeEvent) -> None:
    figures.count_topics([[event(1, START, subjects=("weather/*",))]], TAXONOMY)
    assert value("topic_texts_total", topic="other") == 1
    assert value("topic_texts_total", topic="weather") is None


def test_every_topic_is_shown_at_zero_from_the_start() -> None:
    figures.begin(TAXONOMY)
    assert {value("topic_texts_total", topic=topic) for topic in TAXONOMY.topics} == {0.0}


def test_a_text_read_twice_counts_once_for_its_topic(
    stored: Any, hypothesis_of: Any, mark: Mark, line: Line, drive: Any
) -> None:
    begin = START * 60
    stance = Stance(negative=0.7, neutral=0.2, positive=0.1)
    one = hypothesis_of(1, begin, subject=Subject(topic="liquidity"), stance=stance)
    drive(stored, line([one, one, mark(HOUR), one, mark(2 * HOUR)]), size=2)
    assert value("topic_texts_total", topic="liquidity") == 1
    said = even(stance, priors()["en"])
    assert value("topic_stance_mass_total", topic="liquidity", stance="negative") == pytest.approx(said.negative, abs=1e-3)


def test_every_state_of_open_alerts_are_shown_as_long_as_the_partition_is_held(stored: Any) -> None:
    stage = stored.converger()
    stage.open(0)
    assert [value("open_alerts", partition="0", state=state) for state in metrics.OPEN_STATES] == [0.0] * 3
    stage.close(0)
    assert [value("open_alerts", partition="0", state=state) for state in metrics.OPEN_STATES] == [None] * 3


def test_an_alert_is_open_as_pending_then_as_firing_then_not_at_all(stored: Any, surge: list[Message], line: Line) -> None:
    patient = stored.settings.converger.model_copy(update={"pending_minutes": 1})
    stored.settings = stored.settings.model_copy(update={"converger": patient})
    stage = stored.converger()
    stage.open(0)
    seen: list[tuple[float | None, ...]] = []
    for record in line(surge):
        stage.process([record], {})
        states = tuple(value("open_alerts", partition="0", state=state) for state in metrics.OPEN_STATES)
        if not seen or seen[-1] != states:
            seen.append(states)
    assert seen == [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)]


def test_a_restarted_converger_shows_what_was_open_before(stored: Any, surge: list[Message], line: Line) -> None:
    stage = stored.converger()
    stage.open(0)
    stage.process(line(surge[: 48 + 60]), {})
    before = [value("open_alerts", partition="0", state=state) for state in metrics.OPEN_STATES]
    event_time = value("watermark_timestamp_seconds", partition="0")
    assert sum(one or 0 for one in before) >= 1
    stage.close(0)
    stored.converger().open(0)
    assert [value("open_alerts", partition="0", state=state) for state in metrics.OPEN_STATES] == before
    assert value("watermark_timestamp_seconds", partition="0") == event_time


def test_a_partition_taken_away_while_it_is_shown_leaves_no_series(stored: Any) -> None:
    stage = stored.converger()
    stage.open(0)
    held = stage._held[0]
    stage.close(0)
    stage._show(held)
    assert value("open_alerts", partition="0", state="firing") is None


def test_a_partition_without_alerts_shows_none_and_its_event_time() -> None:
    figures.show(0, Partition(closed=START))
    assert value("open_alerts", partition="0", state="firing") == 0.0
    assert value("watermark_timestamp_seconds", partition="0") == START * 60


def test_what_flaps_and_what_is_held_for_want_of_data_is_shown_while_it_is_open() -> None:
    fires, taken, over = (Life(phase, START, dry_since=START) for phase in (Phase.FIRING, Phase.ACKNOWLEDGED, Phase.RESTING))
    happenings = {
        "a": Happening(fires, alert_of(id="a", flapping=True)),
        "b": Happening(taken, alert_of(id="b")),
        "c": Happening(over, alert_of(id="c", flapping=True)),
    }
    figures.show(0, Partition(closed=START, happenings=happenings))
    assert (value("flapping_alerts", partition="0"), value("unheard_alerts", partition="0")) == (1, 2)
    metrics.remove_converger_partition(0)
    assert (value("flapping_alerts", partition="0"), value("unheard_alerts", partition="0")) == (None, None)

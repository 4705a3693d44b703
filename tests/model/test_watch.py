"""What Prometheus is told of readings."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from groundswell import metrics
from groundswell.messages import Hypothesis, Stance, Subject
from model.card import Mix
from model.reader import Reading
from model.watch import WINDOW, Watch

NOW = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
BALANCED = Mix(texts=100, stances={"negative": 0.8, "neutral": 0.1, "positive": 0.1}, topics={"earnings": 0.5, "fraud": 0.5})


@pytest.fixture(autouse=True)
def _blank() -> None:
    """Nothing counted by other tests is seen."""
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            metric.clear()


def reading(topic: str = "earnings", negative: float = 0.8, language: str = "en", many: int = 1) -> Reading:
    stance = Stance(negative=negative, neutral=(1 - negative) / 2, positive=(1 - negative) / 2)
    hypotheses = tuple(
        Hypothesis(
            text_id="t",
            subject=Subject(topic=topic),
            stance=stance,
            probability=0.7 / rank,
            rank=rank,
            of=many,
            lang=language,
            source="wire",
            story="s",
            published_at=NOW,
            ingested_at=NOW,
            excerpt="x",
            model="m@1",
        )
        for rank in range(1, many + 1)
    )
    return Reading("t", language, hypotheses, (), None)


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"groundswell_{name}", labels)


def test_how_sure_and_how_many_the_readings_are_is_told_by_language() -> None:
    Watch(dict).count(reading(many=3))
    assert value("readings_per_text_sum", language="en") == 3
    assert value("confidence_sum", language="en", of="reading") == pytest.approx(0.7)
    assert value("confidence_sum", language="en", of="stance") == pytest.approx(0.8)
    assert value("first_topics_total", language="en", topic="earnings") == 1


def test_an_unsure_text_is_told_and_its_mass_is_neutral() -> None:
    watch = Watch(dict)
    watch.count(reading(negative=0.4))
    watch.count(reading(negative=0.9))
    assert value("texts_unsure_total", language="en") == 1
    assert value("stance_mass_total", language="en", stance="negative") == pytest.approx(0.9)
    assert value("stance_mass_total", language="en", stance="neutral") == pytest.approx(1.05)


def test_a_text_that_no_pack_reads_is_counted_and_no_more() -> None:
    Watch(dict).count(Reading("t", "ja", (), (), None))
    assert value("texts_read_total", language="other") == 1
    assert value("readings_per_text_count", language="other") is None


def test_texts_like_those_of_training_show_no_drift_and_others_do() -> None:
    watch = Watch(lambda: {"en": BALANCED})
    for number in range(WINDOW // 2):
        watch.count(reading("fraud" if number % 2 else "earnings"))
    assert value("drift_psi", language="en", of="topic") == pytest.approx(0, abs=0.01)
    assert value("drift_psi", language="en", of="stance") == pytest.approx(0, abs=0.01)
    for _ in range(WINDOW):
        watch.count(reading("health", negative=0.1))
    topic, stance = value("drift_psi", language="en", of="topic"), value("drift_psi", language="en", of="stance")
    assert topic is not None
    assert stance is not None
    assert topic > 0.25
    assert stance > 0.25


def test_few_texts_show_no_drift_yet() -> None:
    Watch(lambda: {"en": BALANCED}).count(reading("health"))
    assert value("drift_psi", language="en", of="topic") is None


def test_a_pack_without_a_training_mix_shows_no_drift() -> None:
    watch = Watch(lambda: {"en": None})
    for _ in range(WINDOW):
        watch.count(reading())
    assert value("drift_psi", language="en", of="topic") is None


def test_drift_begins_anew_with_another_pack() -> None:
    mixes: dict[str, Mix | None] = {"en": BALANCED}

    def current() -> Mapping[str, Mix | None]:
        return mixes

    watch = Watch(current)
    for _ in range(WINDOW):
        watch.count(reading("health"))
    before = value("drift_psi", language="en", of="topic")
    mixes["en"] = Mix(texts=50, stances=BALANCED.stances, topics={"earnings": 1.0})
    for _ in range(WINDOW // 2):
        watch.count(reading("earnings"))
    after = value("drift_psi", language="en", of="topic")
    assert before is not None
    assert after is not None
    assert after < 0.01 < before

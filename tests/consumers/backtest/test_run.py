"""The converger in memory: a planted surge is told whole, and quiet subjects keep their past."""

from collections.abc import Callable

import pytest

from consumers.backtest.record import TextRead
from consumers.backtest.run import run
from consumers.backtest.stream import place
from groundswell.messages import Alert, AlertKind, AlertState, Stance, Subject
from groundswell.settings import ConvergerSettings, KafkaSettings, Settings
from model import taxonomy

MakeRead = Callable[..., TextRead]
HOUR = 3600
SETTINGS = Settings(kafka=KafkaSettings(partitions=1))
CALM = Stance(negative=0.1, neutral=0.8, positive=0.1)
GRIM = Stance(negative=0.9, neutral=0.1, positive=0.0)


def told(texts: list[TextRead], progress: Callable[[int], None] = lambda _done: None) -> list[Alert]:
    return run(place(texts, SETTINGS), ConvergerSettings(), taxonomy.load(), (lambda: {"acme": "Acme"}, dict), progress)


def test_a_planted_surge_fires_once_and_resolves(planted: list[TextRead]) -> None:
    alerts = told(planted)
    assert {(one.kind, str(one.subject).rpartition("/")[2]) for one in alerts} == {("negative_surge", "acme")}
    assert [one.state for one in alerts if one.revision == 1] == [AlertState.PENDING]
    assert alerts[-1].state == AlertState.RESOLVED
    assert "Acme" in alerts[-1].headline.en


def test_a_subject_that_was_quiet_for_hours_is_compared_with_its_own_past(text_read: MakeRead) -> None:
    """While others are written about for ten hours, memory lets go of an entity that has ten texts an hour."""
    usual = [text_read(number, number * 360, stance=CALM if number % 4 else GRIM) for number in range(10 * 48)]
    others = [
        text_read(5_000 + n, 48 * HOUR + n * 60, stance=CALM, subject=Subject(topic="liquidity", entity="brook"))
        for n in range(10 * 60)
    ]
    crisis = [text_read(10_000 + number, 58 * HOUR + number * 6, source=f"wire{number % 3}") for number in range(300)]
    expected = [
        next(one.expected for one in told(texts) if one.kind == AlertKind.NEGATIVE_SURGE and one.subject.entity == "acme")
        for texts in ([*usual, *others, *crisis], [*usual, *crisis])
    ]
    assert expected[0] == pytest.approx(expected[1], rel=0.5)


def test_progress_ends_when_all_minutes_are_closed(planted: list[TextRead]) -> None:
    seen: list[int] = []
    told(planted, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == place(planted, SETTINGS).minutes


def test_a_stream_without_readings_tells_nothing(text_read: MakeRead) -> None:
    assert told([text_read(1, 0).model_copy(update={"hypotheses": ()})]) == []

"""Order of arrival, times of closing, batches: none of them changes trends or what is told, of any kind or entity."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.converger.events import Event
from groundswell.messages import Alert, AlertKind, AlertState
from tests.consumers.converger.playing import Play

MakeEvent = Callable[..., Event]
Minutes = dict[int, list[Event]]

START = 28_000_020
BREAK = START + 2 * 1440
END = BREAK + 16 * 60


@pytest.fixture(scope="module")
def minutes(event: MakeEvent) -> Minutes:
    """Two days of two texts an hour on each of five entities, some late; then most go different ways. By closing."""
    random, found = Random(5), dict[int, list[Event]]()  # noqa: S311

    def say(entity: str, first: int, last: int, count: int, negative: int = 100, positive: int = 100) -> None:
        for _ in range(count):
            at, number = random.randrange(first, last), random.getrandbits(40)
            late = random.choice([0, 0, 0, 20, 300, 1500])
            subjects = (f"{random.choice(['policy', 'fraud'])}/{entity}", f"*/{entity}")
            voice = f"a{random.randrange(400)}"
            one = event(number, at, subjects=subjects, negative=negative, positive=positive, author=voice)
            found.setdefault(min(at + late, END - 1), []).append(one)

    for entity in ("attacked", "praised", "silent", "talked", "steady"):
        until = BREAK if entity == "silent" else END
        say(entity, START, until, (until - START) // 30)
    say("attacked", BREAK + 60, BREAK + 120, 60, negative=900, positive=50)
    say("praised", BREAK + 60, BREAK + 120, 60, negative=50, positive=900)
    say("talked", BREAK + 60, BREAK + 120, 60)
    return found


def play(minutes: Minutes, steps: set[int], random: Random | None = None) -> tuple[list[Alert], dict[str, bytes]]:
    """The alerts and the trends when minutes are closed up to each of ``steps``, the texts of each in random order."""
    one, alerts, waiting = Play(), list[Alert](), dict(minutes)
    for target in sorted({*steps, END}):
        due = [(minute, waiting.pop(minute)) for minute in sorted(waiting) if minute < target]
        if random is not None:
            due = [(minute, random.sample(events, len(events))) for minute, events in random.sample(due, len(due))]
        alerts += one.close(dict(due), target)
    return alerts, one.kept


@pytest.fixture(scope="module")
def told(minutes: Minutes) -> tuple[list[Alert], dict[str, bytes]]:
    return play(minutes, set())


def test_each_kind_is_told_of_its_entity(told: tuple[list[Alert], dict[str, bytes]]) -> None:
    fired = {(one.kind, one.subject.entity) for one in told[0] if one.state == AlertState.FIRING}
    assert fired >= {
        (AlertKind.NEGATIVE_SURGE, "attacked"),
        (AlertKind.POSITIVE_SURGE, "praised"),
        (AlertKind.VOLUME_SURGE, "talked"),
        (AlertKind.SILENCE, "silent"),
    }
    assert "steady" not in {entity for _, entity in fired}


@settings(max_examples=2, deadline=None)
@given(st.randoms(use_true_random=False), st.sets(st.integers(START + 1, END), max_size=60))
def test_neither_order_of_arrival_nor_times_of_closing_change_trends_or_what_is_told(
    minutes: Minutes, told: tuple[list[Alert], dict[str, bytes]], random: Random, steps: set[int]
) -> None:
    assert play(minutes, steps, random) == told


@pytest.mark.parametrize("every", [5, 61])
def test_closing_every_few_minutes_changes_nothing(
    minutes: Minutes, told: tuple[list[Alert], dict[str, bytes]], every: int
) -> None:
    assert play(minutes, set(range(START + 1, END, every))) == told


def test_an_alert_is_told_in_order_and_each_of_its_states_once(told: tuple[list[Alert], dict[str, bytes]]) -> None:
    by_id: dict[str, list[Alert]] = {}
    for one in told[0]:
        by_id.setdefault(one.id, []).append(one)
    for alerts in by_id.values():
        assert [one.revision for one in alerts] == list(range(1, len(alerts) + 1))
        states = list(dict.fromkeys(one.state for one in alerts))
        assert states in (
            [AlertState.PENDING],
            [AlertState.PENDING, AlertState.FIRING],
            [AlertState.PENDING, AlertState.RESOLVED],
            [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED],
        )

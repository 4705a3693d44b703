"""Closing over lists: a planted surge is told whole, and the order of arrival does not matter."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.converger.closing import Closing
from consumers.converger.events import Event
from consumers.converger.partition import Partition, forget
from groundswell.errors import FatalError
from groundswell.messages import Alert, AlertKind, AlertState
from groundswell.settings import ConvergerSettings
from model import taxonomy
from tests.consumers.converger.playing import Play, by_minute, told

MakeEvent = Callable[..., Event]

START = 28_000_020
SURGE = START + 24 * 60
END = SURGE + 14 * 60


@pytest.fixture(scope="session")
def planted(event: MakeEvent) -> list[Event]:
    """A neutral text an hour; then, after a day, sixty negative ones in half an hour, ten of them copies of one story."""
    subjects = ("liquidity/acme", "*/acme")
    calm = [
        event(hour, START + hour * 60, subjects=subjects, negative=100, positive=100) for hour in range((END - START) // 60)
    ]
    crisis = [
        event(
            1000 + number,
            SURGE + number // 2,
            subjects=subjects,
            story="copied" if number % 6 == 0 else f"s{1000 + number}",
            source=f"wire{number % 4}",
            words=("run", f"w{number}"),
            url=f"https://example.org/{number}",
        )
        for number in range(60)
    ]
    return calm + crisis


@pytest.fixture(scope="session")
def alerts(planted: list[Event]) -> list[Alert]:
    """What is told of the surge when every minute is closed by itself."""
    return negative(told(planted, range(START + 1, END + 1)))


def negative(alerts: Iterable[Alert]) -> list[Alert]:
    return [one for one in alerts if one.kind == AlertKind.NEGATIVE_SURGE]


def test_a_planted_surge_goes_through_each_state_once(alerts: list[Alert]) -> None:
    states = [
        after.state for before, after in pairwise([None, *alerts]) if after and (not before or after.state != before.state)
    ]
    assert states == [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED]
    assert len({alert.id for alert in alerts}) == 1


def test_nothing_else_fires_because_of_it(planted: list[Event]) -> None:
    firing = {(one.kind, str(one.subject)) for one in told(planted, [END]) if one.state == AlertState.FIRING}
    assert firing == {(AlertKind.NEGATIVE_SURGE, "*/acme")}


def test_revisions_rise_by_one_and_times_do_not_fall(alerts: list[Alert]) -> None:
    assert [alert.revision for alert in alerts] == list(range(1, len(alerts) + 1))
    assert all(before.updated_at <= after.updated_at for before, after in pairwise(alerts))


def test_an_alert_is_on_the_entity_and_fires_within_half_an_hour(alerts: list[Alert]) -> None:
    firing = next(alert for alert in alerts if alert.state == AlertState.FIRING)
    assert (firing.kind, firing.subject.entity) == (AlertKind.NEGATIVE_SURGE, "acme")
    assert (firing.detected_at - firing.started_at).total_seconds() <= 1800


def test_an_alert_carries_evidence_words_copies_and_links(alerts: list[Alert]) -> None:
    last = alerts[-1]
    assert 3 <= len(last.evidence) <= 5
    assert last.evidence[0].copies > 1
    assert all(one.words and one.url and one.stance.negative == 0.9 for one in last.evidence)
    assert last.keywords[0] == "run"
    assert len({one.source for one in last.evidence}) == 4


def test_an_alert_says_what_and_what_to_do_in_both_languages(alerts: list[Alert]) -> None:
    last = alerts[-1]
    assert "Acme" in last.headline.en
    assert "Acme" in last.headline.zh
    assert "负面" in last.headline.zh
    assert len(last.plan) >= 3
    assert all(step.en and step.zh for step in last.plan)


def test_a_resolved_alert_says_since_when(alerts: list[Alert]) -> None:
    assert alerts[-1].resolved_at == alerts[-1].updated_at
    assert all(alert.resolved_at is None for alert in alerts[:-1])


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False), st.sets(st.integers(START + 1, END), max_size=40))
def test_neither_order_of_arrival_nor_times_of_closing_change_what_is_told(
    planted: list[Event], alerts: list[Alert], random: Random, steps: set[int]
) -> None:
    assert negative(told(random.sample(planted, len(planted)), sorted({*steps, END}))) == alerts


def test_calm_days_tell_nothing(event: MakeEvent) -> None:
    random = Random(3)  # noqa: S311
    events = [
        event(number, START + random.randrange(END - START), negative=random.randrange(400), positive=100)
        for number in range(600)
    ]
    assert told(events, [END]) == []


def test_a_playbook_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("topics: {fraud: {steps: [{en: Call us.}]}}", "utf-8")
    with pytest.raises(FatalError, match=r"topics\.fraud\.steps\.0\.zh"):
        Closing(ConvergerSettings(playbooks=own), taxonomy.load(), dict)


def test_memory_forgets_what_no_window_can_reach(event: MakeEvent) -> None:
    closing = Closing(ConvergerSettings(), taxonomy.load(), dict)
    partition = Partition()
    closing.close(partition, {START: [event(1, START)]}, START + 1)
    closing.close(partition, {START + 1000: [event(2, START + 1000, subjects=("*/other",))]}, START + 1001)
    forget(partition)
    assert (list(partition.subjects), partition.groups) == (["*/other"], {"*/other": {"*/other"}})


@pytest.fixture(scope="session")
def cut_off(planted: list[Event]) -> list[Event]:
    """The same, but nothing at all comes for ten hours from the end of the surge on."""
    return [one for one in planted if not SURGE + 30 <= one.minute < SURGE + 10 * 60]


def test_an_alert_is_not_over_because_the_stream_is_down(cut_off: list[Event], alerts: list[Alert]) -> None:
    usual = next(one for one in alerts if one.state == AlertState.RESOLVED)
    cut = next(one for one in negative(told(cut_off, [END])) if one.state == AlertState.RESOLVED)
    back = (SURGE + 10 * 60) * 60
    assert (usual.resolution, cut.resolution) == ("calm", "calm")
    assert usual.resolved_at is not None
    assert cut.resolved_at is not None
    assert usual.resolved_at.timestamp() < back < cut.resolved_at.timestamp()


def test_an_alert_is_closed_unheard_when_the_stream_stays_down(planted: list[Event]) -> None:
    end = [one for one in planted if one.minute < SURGE + 30]
    last = negative(told(end, [SURGE + 24 * 60]))[-1]
    assert (last.state, last.resolution) == (AlertState.RESOLVED, "no_data")


def test_a_silence_is_closed_unheard_once_nothing_comes_at_all(event: MakeEvent) -> None:
    stops, ends = START + 4 * 1440, START + 4 * 1440 + 8 * 60
    spoken = [("acme", minute) for minute in range(START, stops, 6)]
    spoken += [(other, minute) for other in ("beta", "gamma") for minute in range(START, ends, 6)]
    calm = {"negative": 100, "positive": 100}
    events = [event(n, minute, subjects=(f"*/{name}",), **calm) for n, (name, minute) in enumerate(spoken)]
    silent = [one for one in told(events, [ends, ends + 2 * 1440]) if one.kind == AlertKind.SILENCE]
    assert [one.state for one in silent] == [AlertState.PENDING, AlertState.FIRING, AlertState.RESOLVED]
    assert silent[-1].resolution == "no_data"


def test_the_fourth_alert_of_some_days_on_the_same_flaps_and_covers_what_follows(event: MakeEvent) -> None:
    """Five bursts, each half a day after the one before and larger."""
    calm = [event(hour, START + hour * 60 + 59, negative=100, positive=100) for hour in range(24 * 4)]
    bursts = [
        event(1000 * burst + number, SURGE + burst * 720 + number % 40, source=f"wire{number % 3}")
        for burst in range(5)
        for number in range(40 * 2**burst)
    ]
    play = Play(flap_hours=72, resolve_minutes=5, refractory_minutes=5, flap_resolve_minutes=1440, firing_minutes=5)
    alerts = negative(play.close(by_minute(calm + bursts), START + 6 * 1440))
    flapping = {one.id: one.flapping for one in alerts if one.state == AlertState.FIRING}
    assert list(flapping.values()) == [False] * 3 + [True]
    assert alerts[-1].state == AlertState.RESOLVED
    assert "negative_surge:*/acme" in play.partition.pasts

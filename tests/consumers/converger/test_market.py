"""Moves of the market: they hold the alerts of their members back and are told once; who rises far beyond them still alerts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import pytest

from consumers.converger.events import Event
from consumers.converger.market import LEAST_ENTITIES, SUBJECT, Market
from consumers.converger.memory import Memory
from consumers.converger.surge import surge_of
from groundswell.messages import Alert, AlertKind, AlertState
from tests.consumers.converger.looking import END, HOUR, flat, memory_of
from tests.consumers.converger.playing import told

MakeEvent = Callable[..., Event]

ENTITIES = [f"firm{number}" for number in range(10)]


def last_hour(event: MakeEvent, entity: str, texts: int, seed: int = 0) -> list[Event]:
    """So many negative texts, each of its own author, at random in the last hour."""
    random = Random(f"{entity}{seed}")  # noqa: S311
    return [
        event(number, random.randrange(END - 60, END), text_id=f"{entity}{number}", subjects=(f"*/{entity}",))
        for number in range(texts)
    ]


def partition(event: MakeEvent, texts: Mapping[str, int], usual: int = 10) -> dict[str, Memory]:
    """Entities of ``usual`` texts an hour, half of their mass negative, and what came of them in the last hour."""
    past = flat(usual, usual / 2, until=HOUR)
    past.pop(HOUR - 1)
    return {f"*/{name}": memory_of(past, last_hour(event, name, count)) for name, count in texts.items()}


def explains(subjects: Mapping[str, Memory], entity: str, a_day: float = 0.01) -> bool:
    """Whether the market explains the negative surge of ``entity`` in the last hour."""
    subject = f"*/{entity}"
    surge = surge_of(subjects[subject], "negative", END, 60, subjects[subject].recent.window(END, 60))
    return Market().explains(subjects, subject, surge, END, a_day)


def test_a_rise_of_all_explains_each(event: MakeEvent) -> None:
    subjects = partition(event, dict.fromkeys(ENTITIES, 30))
    move = Market().move(subjects, "negative", END, 60)
    assert move is not None
    assert {one.subject for one in move.risen} == set(subjects)
    assert all(explains(subjects, name) for name in ENTITIES)


def test_who_rises_tenfold_while_all_rise_threefold_is_not_explained(event: MakeEvent) -> None:
    subjects = partition(event, {**dict.fromkeys(ENTITIES, 30), "firm3": 300})
    assert not explains(subjects, "firm3")
    assert explains(subjects, "firm4")


def test_the_one_that_rises_most_makes_no_market_for_the_others(event: MakeEvent) -> None:
    subjects = partition(event, {**dict.fromkeys(ENTITIES, 5), "firm3": 2000, "firm4": 60})
    assert Market().move(subjects, "negative", END, 60) is None
    assert not explains(subjects, "firm4")


@pytest.mark.parametrize("entities", [1, LEAST_ENTITIES - 1])
def test_with_few_entities_nothing_is_said_of_the_market(event: MakeEvent, entities: int) -> None:
    subjects = partition(event, dict.fromkeys(ENTITIES[:entities], 30))
    assert Market().move(subjects, "negative", END, 60) is None
    assert Market().moves(subjects, "negative", END) == []
    assert not explains(subjects, "firm0")


def test_topics_are_no_entities_of_the_market(event: MakeEvent) -> None:
    subjects = partition(event, dict.fromkeys(ENTITIES[: LEAST_ENTITIES - 1], 30))
    topics = {f"{name}/firm0": subjects["*/firm0"] for name in ("fraud", "policy")}
    assert Market().move({**subjects, **topics, "fraud/*": subjects["*/firm1"]}, "negative", END, 60) is None


def test_a_topic_is_explained_by_the_entities_other_than_its_own(event: MakeEvent) -> None:
    subjects = partition(event, {**dict.fromkeys(ENTITIES, 30), "firm3": 300, "firm4": 310})
    subjects["fraud/firm3"] = subjects["*/firm3"]
    move = Market().move(subjects, "negative", END, 60)
    assert move is not None
    surge = surge_of(subjects["*/firm3"], "negative", END, 60, subjects["*/firm3"].recent.window(END, 60))
    alone, topic = (Market().explains(subjects, name, surge, END, 0.01) for name in ("*/firm3", "fraud/firm3"))
    assert alone == topic


def test_a_move_is_reckoned_once_a_minute_and_anew_in_the_next(event: MakeEvent) -> None:
    subjects, market = partition(event, dict.fromkeys(ENTITIES, 30)), Market()
    move = market.move(subjects, "negative", END, 60)
    assert market.move(subjects, "negative", END, 60) is move
    assert market.move(subjects, "negative", END + 300, 60) is None


# Whole partitions, closed minute by minute.

DAYS = 3
BEGIN = END - DAYS * 1440
USUAL = 4


def days(event: MakeEvent, risen: Mapping[str, int], entities: int = len(ENTITIES)) -> list[Event]:
    """Three days of four calm texts an hour on each entity, then an hour of so many negative ones on those of ``risen``."""
    random = Random(7)  # noqa: S311
    calm = [
        event(number, random.randrange(BEGIN, END - 60), text_id=f"{name}-{number}", subjects=(f"*/{name}",), negative=200)
        for name in ENTITIES[:entities]
        for number in range(DAYS * 24 * USUAL)
    ]
    return calm + [one for name, texts in risen.items() for one in last_hour(event, name, texts)]


def firing(alerts: list[Alert]) -> set[tuple[AlertKind, str]]:
    return {(one.kind, str(one.subject)) for one in alerts if one.state == AlertState.FIRING}


@pytest.fixture(scope="module")
def rise(event: MakeEvent) -> list[Alert]:
    """What is told when all rise."""
    return told(days(event, dict.fromkeys(ENTITIES, 14)), [END + 30])


def test_when_all_rise_the_market_is_told_and_none_of_them(rise: list[Alert]) -> None:
    assert firing(rise) == {(AlertKind.NEGATIVE_SURGE, SUBJECT)}


def test_an_alert_on_the_market_names_those_that_rose(rise: list[Alert]) -> None:
    last = [one for one in rise if str(one.subject) == SUBJECT][-1]
    assert last.headline.en.startswith("The whole market (firm")
    assert sum(name in last.headline.en for name in ENTITIES) == 3
    assert "and 7 more): negative opinion surges" in last.headline.en
    assert "等 10 家）：负面舆情激增" in last.headline.zh


def test_when_all_are_talked_of_more_the_market_is_told_of_it(event: MakeEvent) -> None:
    events = days(event, dict.fromkeys(ENTITIES, 40))
    calm = [replace(one, negative=200) for one in events]
    assert firing(told(calm, [END + 30])) == {(AlertKind.VOLUME_SURGE, SUBJECT)}


def test_who_stands_out_of_a_move_still_alerts(event: MakeEvent) -> None:
    alerts = told(days(event, {**dict.fromkeys(ENTITIES, 14), "firm3": 120}), [END + 30])
    assert (AlertKind.NEGATIVE_SURGE, "*/firm3") in firing(alerts)


def test_few_that_rise_are_each_told_by_themselves(event: MakeEvent) -> None:
    few = ENTITIES[: LEAST_ENTITIES - 1]
    alerts = told(days(event, dict.fromkeys(few, 40), entities=len(few)), [END + 30])
    assert firing(alerts) == {(AlertKind.NEGATIVE_SURGE, f"*/{name}") for name in few}

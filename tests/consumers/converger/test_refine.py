"""Refine: windows by heads, and the share of a stance that a candidate stands for."""

from collections.abc import Callable

import pytest

from consumers.converger.evaluate import evaluate
from consumers.converger.events import Event
from consumers.converger.refine import refine
from consumers.converger.surge import Thresholds, share_p_value, surge_of
from groundswell.messages import AlertKind
from groundswell.settings import ConvergerSettings
from tests.consumers.converger.looking import END, flat, memory_of

MakeEvent = Callable[..., Event]

SUBJECT = "*/acme"


@pytest.mark.parametrize(("texts", "needed"), [(300, True), (40, False)], ids=["unusually many texts", "no more than usual"])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_the_share_of_a_candidate_is_that_of_its_heads_whether_the_test_needed_it_or_not(
    event: MakeEvent, texts: int, factor: float, *, needed: bool
) -> None:
    memory = memory_of(flat(40, 4), [event(number, END - 1 - number % 60) for number in range(texts)])
    thresholds = Thresholds.firing(ConvergerSettings(), AlertKind.NEGATIVE_SURGE, 10.0)
    group = {SUBJECT: memory}
    unusual = evaluate(group, group, AlertKind.NEGATIVE_SURGE, END, thresholds, factor)
    found = [one for one in refine(unusual, group, END, thresholds, factor=factor) if one.surge.window == 60]
    assert len(found) == 1
    heads = found[0].support.counts
    assert (surge_of(memory, "negative", END, 60, heads, factor).share_p_value is not None) is needed
    assert found[0].share_p_value == share_p_value(memory, "negative", END - 60, heads, factor)
    assert found[0].surge.factor == factor


TOPIC = "liquidity/*"
ABOUT = [
    (lambda _number: ("acme",), False),
    (lambda number: ("acme",) if number % 15 else (f"e{number}",), False),
    (lambda number: (f"e{number % 5}",), True),
    (lambda number: ("acme", f"e{number % 5}"), False),
    (lambda _number: (), True),
]


@pytest.mark.parametrize("kind", [AlertKind.NEGATIVE_SURGE, AlertKind.VOLUME_SURGE])
@pytest.mark.parametrize(("about", "told"), ABOUT, ids=["one", "one and some", "five", "one beside five", "none"])
def test_what_happens_to_one_entity_is_not_told_of_its_topic(
    event: MakeEvent, kind: AlertKind, about: Callable[[int], tuple[str, ...]], *, told: bool
) -> None:
    events = [event(n, END - 1 - n % 60, subjects=(TOPIC,), entities=about(n)) for n in range(60)]
    group = {TOPIC: memory_of(flat(12, 1.2), events)}
    thresholds = Thresholds.firing(ConvergerSettings(), kind, 0.1)
    unusual = list(evaluate(group, group, kind, END, thresholds))
    assert unusual
    found = refine(unusual, group, END, thresholds)
    assert bool(found) is told
    assert all(len(one.events) == one.support.counts.texts for one in found)

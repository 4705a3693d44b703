"""The score: what raises it, what lowers it, and that its parts are told."""

import math
from collections.abc import Callable

import pytest

from consumers.converger.events import Event
from consumers.converger.score import Score, diversity, score
from consumers.converger.support import support

MakeEvent = Callable[..., Event]


def score_of(events: list[Event], p_value: float = 1e-6, **credibility: float) -> Score:
    return score(p_value, support(events, "negative"), [one.source for one in events], credibility)


def test_a_score_is_the_product_of_its_parts(event: MakeEvent) -> None:
    found = score_of([event(number, 0, source=f"wire{number}") for number in range(7)])
    assert found.parts == {"surprise": 6.0, "support": 3.0, "diversity": 1.0, "credibility": 1.0}
    assert found.total == pytest.approx(18, rel=0.01)


@pytest.mark.parametrize("fields", [{"author": "one"}, {"story": "one"}], ids=["one author", "one story"])
def test_one_voice_is_less_diverse_than_many(event: MakeEvent, fields: dict[str, str]) -> None:
    many = support([event(number, 0) for number in range(20)], "negative")
    one = support([event(number, 0, **fields) for number in range(20)], "negative")
    assert diversity(one) < 0.3 < diversity(many)


def test_more_sources_are_more_diverse(event: MakeEvent) -> None:
    found = [
        diversity(support([event(number, 0, source=f"wire{number % sources}") for number in range(12)], "negative"))
        for sources in (1, 2, 3)
    ]
    assert found == sorted(set(found))


def test_credibility_is_the_mean_over_the_sources(event: MakeEvent) -> None:
    told = [event(1, 0, source="forum"), event(2, 0, source="forum"), event(3, 0, source="wire")]
    assert score_of(told, forum=0.4).credibility == pytest.approx(0.7)


@pytest.mark.parametrize(("p_value", "surprise"), [(0.0, 50.0), (1e-80, 50.0), (1e-3, 3.0), (1.0, 0.0)])
def test_surprise_has_an_end(event: MakeEvent, p_value: float, surprise: float) -> None:
    found = score_of([event(1, 0)], p_value).surprise
    assert found == pytest.approx(surprise)
    assert math.copysign(1, found) == 1

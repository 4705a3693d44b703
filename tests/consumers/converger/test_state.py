"""What a partition is in Redis comes back whole: the next owner steps on from where the last one stood."""

from typing import Any

from consumers.converger.flow import Flow
from consumers.converger.life import Life, Phase
from consumers.converger.partition import LEAST_TEXTS, Closed, Happening, Past
from consumers.headers import OBSERVED_HEADER
from groundswell.kafka import Output
from tests.alerts import alert_of

MINUTE = 29_540_000
START = 28_000_020 * 60
HOUR = 3600


def test_lives_pasts_and_the_flow_of_texts_come_back(stored: Any) -> None:
    state = stored.converger()._state
    held = state.claim(0)
    groups: dict[str, Happening | Past | None] = {
        "negative_surge:*/a": Happening(Life(Phase.FIRING, MINUTE, fired=(1, MINUTE)), alert_of(flapping=True)),
        "negative_surge:*/b": Happening(Life(Phase.ACKNOWLEDGED, MINUTE, MINUTE - 5, MINUTE - 3, (MINUTE,)), alert_of()),
        "negative_surge:*/c": Past((MINUTE - 9, MINUTE)),
        "negative_surge:*/d": None,
    }
    held.partition.closed = MINUTE
    held.partition.flow = Flow(MINUTE - 3000, MINUTE - 7, ((20_000, 31), (20_001, 7)))
    state.save(held, None, Closed(groups=groups))
    after = state.claim(0).partition
    assert after.happenings == {name: one for name, one in groups.items() if isinstance(one, Happening)}
    assert after.pasts == {name: one for name, one in groups.items() if isinstance(one, Past)}
    assert after.flow == held.partition.flow


def test_deadlines_come_back_and_go_when_they_are_taken_away(stored: Any) -> None:
    state = stored.converger()._state
    held = state.claim(0)
    held.partition.closed = MINUTE
    state.save(held, None, Closed(deadlines={"*/a": MINUTE + 90, "*/b": MINUTE + 30, "*/c": None}))
    state.save(held, MINUTE, Closed(deadlines={"*/a": MINUTE + 60, "*/b": None}))
    after = state.claim(0).partition.deadlines
    assert (after.next(), after.of("*/a"), after.of("*/b"), after.of("*/c")) == (MINUTE + 60, MINUTE + 60, None, None)


def test_how_many_groups_were_heard_is_the_same_after_a_restart_however_late_their_texts_came(
    stored: Any, hypothesis_of: Any, mark: Any, line: Any, as_record: Any
) -> None:
    at = [0, 3 * HOUR + 60]
    texts = [hypothesis_of(number, START + at[number % 2]) for number in range(2 * LEAST_TEXTS)]
    bolt = {"topic": "policy", "entity": "bolt"}
    late = [hypothesis_of(100 + number, START + 2 * HOUR, subject=bolt) for number in range(LEAST_TEXTS)]
    outputs = [Output.of("hypotheses", "bolt", one, {OBSERVED_HEADER: b"%d" % (START + 3 * HOUR + 120)}) for one in late]
    stage = stored.converger()
    stage.open(0)
    first = len(texts) + 1
    belated = [as_record(output, first + place) for place, output in enumerate(outputs)]
    end = line([mark(3 * HOUR + 600)], first=first + len(outputs))
    stage.process([*line([*texts, mark(3 * HOUR + 120)]), *belated, *end], {})
    held, again = stage._held[0].partition, stored.converger()._state.claim(0).partition
    assert held.heard(START // 60 + 190) == again.heard(START // 60 + 190) == 1
    assert held.heard(START // 60 + 240) == again.heard(START // 60 + 240) == 2


def test_the_past_of_all_texts_comes_back(stored: Any, hypothesis_of: Any, mark: Any, line: Any) -> None:
    stage = stored.converger()
    stage.open(0)
    texts = [hypothesis_of(number, START + number * HOUR, subject={"entity": f"firm{number}"}) for number in range(4)]
    stage.process(line([*texts, mark(5 * HOUR)]), {})
    whole = stored.converger()._state.claim(0).partition.whole.trend
    assert whole == stage._held[0].partition.whole.trend
    assert whole.texts == 4


def test_a_past_that_is_forgotten_leaves_the_store(stored: Any) -> None:
    state = stored.converger()._state
    held = state.claim(0)
    held.partition.closed = MINUTE
    state.save(held, None, Closed(groups={"negative_surge:*/a": Past((MINUTE,))}))
    state.save(held, MINUTE, Closed(groups={"negative_surge:*/a": None}))
    assert state.claim(0).partition.pasts == {}

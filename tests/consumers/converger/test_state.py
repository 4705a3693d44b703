"""What a partition is in Redis comes back whole: the next owner steps on from where the last one stood."""

from typing import Any

from consumers.converger.closing import Closed, Happening, Past
from consumers.converger.flow import Flow
from consumers.converger.life import Life, Phase
from tests.alerts import alert_of

MINUTE = 29_540_000


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


def test_a_past_that_is_forgotten_leaves_the_store(stored: Any) -> None:
    state = stored.converger()._state
    held = state.claim(0)
    held.partition.closed = MINUTE
    state.save(held, None, Closed(groups={"negative_surge:*/a": Past((MINUTE,))}))
    state.save(held, MINUTE, Closed(groups={"negative_surge:*/a": None}))
    assert state.claim(0).partition.pasts == {}

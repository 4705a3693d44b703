"""Restarts in the middle of all kinds of alerts: what the store gives back tells the same as what was never let go."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from consumers.converger.stage import Converger
from consumers.headers import OBSERVED_HEADER
from groundswell.kafka import Output, Record
from groundswell.messages import Alert, AlertKind, AlertState, Stance, Watermark

START = 28_000_020 * 60
MINUTE, HOUR, DAY = 60, 3600, 86_400
BREAK = 2 * DAY
"""From here on the entities go different ways."""
END = BREAK + 16 * HOUR


def moment(random: Random, first: int, last: int) -> int:
    return random.randrange(first, last)


@pytest.fixture(scope="module")
def many_kinds(hypothesis_of: Any, mark: Callable[..., Watermark], as_record: Any) -> list[Record]:
    """Two days of three texts an hour on each of five entities; then most go different ways; a third is late."""
    random = Random(11)  # noqa: S311
    calm = Stance(negative=0.1, neutral=0.8, positive=0.1)
    attack, praise = Stance(negative=0.9, neutral=0.1, positive=0), Stance(negative=0, neutral=0.1, positive=0.9)
    said: list[tuple[int, str, Stance]] = []
    for entity in ("attacked", "praised", "silent", "talked", "steady"):
        until = BREAK if entity == "silent" else END
        said += [(moment(random, 0, until), entity, calm) for _ in range(until // HOUR * 3)]
    for entity, stance in (("attacked", attack), ("praised", praise), ("talked", calm)):
        said += [(moment(random, BREAK + 2 * HOUR, BREAK + 3 * HOUR), entity, stance) for _ in range(80)]
    late = [random.choice([0, 0, 0, 0, 40 * MINUTE, 2 * HOUR, 20 * HOUR]) for _ in said]
    order = sorted(
        (at + more, at, entity, number) for number, ((at, entity, _), more) in enumerate(zip(said, late, strict=True))
    )
    outputs: list[Output] = []
    for place, (observed, at, entity, number) in enumerate(order):
        text = hypothesis_of(number, START + at, subject={"topic": "policy", "entity": entity}, stance=said[number][2])
        outputs.append(Output.of("hypotheses", entity, text, {OBSERVED_HEADER: b"%d" % (START + observed)}))
        if place % 10 == 9:
            outputs.append(Output.of("hypotheses", entity, mark(observed)))
    outputs.append(Output.of("hypotheses", "acme", mark(END)))
    return [as_record(output, offset) for offset, output in enumerate(outputs)]


def fired(alerts: list[Alert]) -> set[tuple[AlertKind, str | None]]:
    return {(one.kind, one.subject.entity) for one in alerts if one.state == AlertState.FIRING}


def restart(stage: Converger, batch: list[Record]) -> bool:
    """Stop after a batch is done and its alerts are told, before Kafka's word for them has come back."""
    stage.process(batch, {})
    return True


def test_restarts_in_the_middle_of_all_kinds_tell_the_same_alerts(
    stored: Any, other: Any, many_kinds: list[Record], drive: Any
) -> None:
    records = many_kinds
    calm, run = drive(other, records, size=1000), drive(stored, records, size=90, crash=restart)
    assert fired(calm.alerts) >= {
        (AlertKind.NEGATIVE_SURGE, "attacked"),
        (AlertKind.POSITIVE_SURGE, "praised"),
        (AlertKind.VOLUME_SURGE, "talked"),
        (AlertKind.SILENCE, "silent"),
    }
    assert stored.trends() == other.trends()
    assert run.once() == calm.once()

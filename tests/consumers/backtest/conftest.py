"""What the tests of backtesting share: texts that were read, and a stream of them with a planted surge."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.backtest.record import TextRead
from groundswell.messages import Hypothesis, Stance

MakeHypothesis = Callable[..., Hypothesis]
MakeRead = Callable[..., TextRead]
START = 28_000_020 * 60
"""A full hour, seconds since the epoch."""
HOUR = 3600
CALM = Stance(negative=0.1, neutral=0.8, positive=0.1)


@pytest.fixture(scope="session")
def text_read(hypothesis_of: MakeHypothesis) -> MakeRead:
    """A text with one plainly negative reading about one entity, published and taken in so many seconds after the start."""

    def make(number: int, seconds: float, late: float = 0.0, **fields: Any) -> TextRead:
        reading = hypothesis_of(number, START + seconds, **fields)
        return TextRead(
            id=reading.text_id,
            source=reading.source,
            published_at=reading.published_at,
            ingested_at=datetime.fromtimestamp(START + seconds + late, UTC),
            hypotheses=(reading,),
            url=f"https://example.org/{number}",
            words=("run",),
        )

    return make


@pytest.fixture(scope="session")
def planted(text_read: MakeRead) -> list[TextRead]:
    """Thirty hours of a calm text each half hour; an hour after them, a hundred negative ones within fifty minutes."""
    calm = [text_read(number, number * HOUR / 2, stance=CALM) for number in range(60)]
    crisis = [text_read(1000 + number, 31 * HOUR + number * 30, source=f"wire{number % 3}") for number in range(100)]
    return [*calm, *crisis]

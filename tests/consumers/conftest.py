"""What the tests of the stages share: made-up events, hypotheses and records, on a Monday morning of their own."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.converger.events import Event
from groundswell.kafka import Output, Record
from groundswell.messages import Hypothesis, Stance, Subject

MakeEvent = Callable[..., Event]
MakeHypothesis = Callable[..., Hypothesis]
AsRecord = Callable[..., Record]


@pytest.fixture(scope="session")
def event() -> MakeEvent:
    """An event of its own author and story, plainly negative, about one entity; every field can be given."""

    def make(number: int, minute: int, **fields: Any) -> Event:
        plain: dict[str, Any] = {
            "text_id": f"t{number}",
            "subjects": ("*/acme",),
            "minute": minute,
            "negative": 900,
            "positive": 40,
            "author": f"a{number}",
            "story": f"s{number}",
            "source": "wire",
            "excerpt": f"text {number}",
        }
        return Event(**{**plain, **fields})

    return make


@pytest.fixture(scope="session")
def hypothesis_of() -> MakeHypothesis:
    """A hypothesis on one entity, published and taken in at the same second since the epoch."""

    def make(number: int, seconds: float, **fields: Any) -> Hypothesis:
        time = datetime.fromtimestamp(seconds, UTC)
        plain: dict[str, Any] = {
            "text_id": f"t{number}",
            "subject": Subject(topic="liquidity", entity="acme"),
            "stance": Stance(negative=0.9, neutral=0.06, positive=0.04),
            "probability": 0.8,
            "rank": 1,
            "of": 1,
            "lang": "en",
            "source": "wire",
            "author_hash": f"a{number}",
            "story": f"s{number}",
            "published_at": time,
            "ingested_at": time,
            "excerpt": f"text {number}",
            "model": "canned@1",
        }
        return Hypothesis(**{**plain, **fields})

    return make


@pytest.fixture(scope="session")
def as_record() -> AsRecord:
    """An output as it would be read at an offset of a partition."""

    def make(output: Output, offset: int, partition: int = 0) -> Record:
        return Record(output.topic, partition, offset, output.key, output.value, 0, output.headers)

    return make

"""The second half of the bundled scenario: a day is past enough for all that happens in its last twelve hours."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from groundswell.messages import Text
from producers.demo import HOURS, scenario


def second_half(start: datetime) -> Iterator[Text]:
    """The texts of the scenario that begins at ``start`` which arrive in its second half."""
    begin = start + timedelta(hours=HOURS / 2)
    return (text for text in scenario(start) if text.ingested_at >= begin)

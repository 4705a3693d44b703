"""Self-tests: told at load, done again every ten minutes, and the end of the stage where one fails."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from consumers.diverger import Diverger
from consumers.self_tests import EVERY_SECONDS, SelfTests
from groundswell.clock import ManualClock
from groundswell.errors import FatalError
from groundswell.kafka import Topics
from groundswell.settings import EventTimeSettings
from model.entities import Watchlist
from model.reader import Reader

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Canned:
    """Something that can be tested, and counts how often it was."""

    def __init__(self) -> None:
        self.times = 0
        self.well = True

    def self_test(self) -> None:
        self.times += 1
        if not self.well:
            raise FatalError("pack canned: self-test failed: 'x' reads as positive, not as negative")


def told() -> float | None:
    return REGISTRY.get_sample_value("groundswell_self_test_timestamp_seconds", {"language": "en"})


def test_loading_counts_as_a_test_that_passed() -> None:
    pack, clock = Canned(), ManualClock(NOW)
    SelfTests({"en": pack}, clock).run_due()
    assert (pack.times, told()) == (0, NOW.timestamp())


def test_packs_are_tested_every_ten_minutes_and_no_more_often() -> None:
    pack, clock = Canned(), ManualClock(NOW)
    tests = SelfTests({"en": pack}, clock)
    for _ in range(40):
        clock.advance(timedelta(seconds=EVERY_SECONDS / 20))
        tests.run_due()
    assert (pack.times, told()) == (2, NOW.timestamp() + 2 * EVERY_SECONDS)


def test_a_pack_that_begins_to_fail_ends_the_stage_and_is_not_told_as_well() -> None:
    pack, clock = Canned(), ManualClock(NOW)
    reader = Reader({}, Watchlist, b"key")
    stage = Diverger(
        reader, Topics("test"), (1, 1), EventTimeSettings(), clock, chores=[SelfTests({"en": pack}, clock).run_due]
    )
    pack.well = False
    clock.advance(timedelta(seconds=EVERY_SECONDS))
    with pytest.raises(FatalError, match=r"^pack canned: self-test failed"):
        stage.tick({}, {})
    assert told() == NOW.timestamp()

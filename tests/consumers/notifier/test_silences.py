"""Silences over a real Valkey: nobody is told while one holds, everybody once when it ends, and a restart changes nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError

from consumers.notifier.silences import Silence, Silences
from consumers.notifier.stage import Notifier
from groundswell.clock import ManualClock, SystemClock
from groundswell.errors import FatalError, FencedError
from groundswell.messages import Acknowledgement
from groundswell.settings import Settings

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(room: Any, subscription_of: Any) -> Any:
    """A subscription to everything."""
    return room.subscriptions.add(subscription_of("desk"), replace=False)


class Night:
    """A notifier whose clock is moved by hand, and the silences that it obeys."""

    def __init__(self, room: Any, settings: Settings | None = None, at: datetime | None = None) -> None:
        self.clock = ManualClock(at or SystemClock().now())
        self.room = room
        self.settings = settings or room.settings
        self.silences = Silences(room.client, self.settings.redis.prefix)
        self.restart()

    def restart(self) -> None:
        """A new stage, as of a process that has just started."""
        self.stage = Notifier(self.settings, self.room.client, self.clock)
        self.stage.open(0)

    def silence(self, hours: float = 1, **fields: Any) -> Silence:
        now = self.clock.now()
        plain = {"match": {"entities": ["acme"]}, "starts": now, "ends": now + hours * HOUR, "by": "mei", "why": "known"}
        made = Silence.model_validate({**plain, **fields})
        self.silences.add(made, now)
        return made

    def read(self, *alerts: Any) -> None:
        self.stage.process(self.room.records(alerts, at=self.clock.now()), {})

    def later(self, step: timedelta = HOUR) -> None:
        self.clock.advance(step)
        self.stage.tick({}, {})

    def waiting(self) -> list[str]:
        """Occasions that wait for the desk, by alert and in order."""
        base = f"{{{self.settings.redis.prefix}:notifier}}:"
        lanes = sorted(self.room.client.scan_iter(match=f"{base}lane:desk:*"))
        keys = [key.decode() for lane in lanes for key in self.room.client.lrange(lane, 0, -1)]
        return [self.room.client.hget(f"{base}delivery:{key}", "occasion").decode() for key in keys]


@pytest.fixture
def night(room: Any, desk: Any) -> Night:  # noqa: ARG001
    return Night(room)


def test_nobody_is_told_while_a_silence_holds_and_once_when_it_ends(night: Night, alert_of: Any) -> None:
    night.silence()
    night.read(alert_of())
    night.later(HOUR / 2)
    assert night.waiting() == []
    night.later()
    night.later()
    assert night.waiting() == ["firing"]


def test_what_no_silence_matches_is_told(night: Night, alert_of: Any) -> None:
    night.silence(match={"entities": ["bolt"]})
    night.read(alert_of())
    assert night.waiting() == ["firing"]


def test_a_silence_that_has_not_begun_holds_nothing_back(night: Night, alert_of: Any) -> None:
    night.silence(starts=night.clock.now() + HOUR, ends=night.clock.now() + 2 * HOUR)
    night.read(alert_of())
    assert night.waiting() == ["firing"]


def test_a_silence_that_is_ended_lets_go_at_once(night: Night, alert_of: Any) -> None:
    made = night.silence(hours=100)
    night.read(alert_of())
    assert night.silences.end(made.id[:5], night.clock.now()) == made
    night.later(timedelta(seconds=6))
    assert night.waiting() == ["firing"]


def test_a_second_silence_goes_on_holding_what_the_first_held(night: Night, alert_of: Any) -> None:
    night.silence(hours=1)
    night.silence(hours=3)
    night.read(alert_of())
    night.later(2 * HOUR)
    assert night.waiting() == []
    night.later(2 * HOUR)
    assert night.waiting() == ["firing"]


def test_an_alert_that_is_over_before_the_silence_ends_is_told_not_at_all(night: Night, alert_of: Any) -> None:
    night.silence()
    night.read(alert_of(), alert_of(severity="critical", revision=2), alert_of(state="resolved", revision=3))
    night.later()
    assert night.waiting() == []
    assert night.room.deliveries.held(2) == 0


def test_the_newest_revision_is_told_when_the_silence_ends(night: Night, alert_of: Any) -> None:
    night.silence()
    night.read(alert_of(severity="info"))
    night.read(alert_of(severity="critical", revision=2))
    night.later()
    claimed = night.stage._queue.claim(night.clock.now())
    assert claimed is not None
    assert b'"critical"' in claimed.alert


def test_what_was_told_before_a_silence_is_told_to_be_over_when_it_ends(night: Night, alert_of: Any) -> None:
    night.read(alert_of())
    night.silence()
    night.read(alert_of(severity="critical", revision=2), alert_of(state="resolved", revision=3))
    assert night.waiting() == ["firing"]
    night.later()
    assert night.waiting() == ["firing", "resolved"]


def test_what_gets_graver_than_a_silence_covers_is_told_at_once(night: Night, alert_of: Any) -> None:
    night.silence(match={"entities": ["acme"], "severity": "warning"})
    night.read(alert_of())
    assert night.waiting() == []
    night.read(alert_of(severity="critical", revision=2))
    night.later()
    assert night.waiting() == ["firing"]


def test_an_alert_that_is_acknowledged_in_a_silence_is_not_told_when_it_ends(night: Night, alert_of: Any) -> None:
    by = Acknowledgement(by="mei", at=night.clock.now())
    night.silence()
    night.read(alert_of(), alert_of(state="acknowledged", revision=2, acknowledgement=by))
    night.later()
    assert night.waiting() == []


def test_a_restart_neither_forgets_nor_repeats_what_is_held(night: Night, alert_of: Any) -> None:
    night.silence()
    night.read(alert_of("a1"), alert_of("a2"))
    night.restart()
    night.later()
    night.restart()
    night.later()
    assert night.waiting() == ["firing", "firing"]


def test_a_batch_that_is_read_again_after_a_crash_is_held_once(night: Night, alert_of: Any) -> None:
    night.silence()
    batch = night.room.records([alert_of()], at=night.clock.now())
    night.stage.process(batch, {})
    night.restart()
    night.stage.process(batch, {})
    night.later()
    assert night.waiting() == ["firing"]


def test_what_was_held_for_longer_than_anything_is_remembered_is_let_go_untold(night: Night, alert_of: Any) -> None:
    night.silence(hours=24 * 100)
    night.read(alert_of())
    night.later(timedelta(days=31))
    assert night.room.deliveries.held(2) == 0
    assert night.waiting() == []


def test_who_has_lost_the_partition_lets_nothing_go(night: Night, alert_of: Any) -> None:
    night.silence()
    night.read(alert_of("a1"))
    old = night.stage
    night.restart()
    night.read(alert_of("a2"))
    night.clock.advance(HOUR)
    with pytest.raises(FencedError):
        old._release(0, 1)
    assert night.waiting() == []


def test_who_subscribes_during_a_silence_hears_nothing_of_alerts_from_before(
    night: Night, subscription_of: Any, alert_of: Any
) -> None:
    night.silence()
    night.read(alert_of())
    new = subscription_of("new", created_at=night.clock.now() + HOUR / 2)
    night.room.subscriptions.add(new, replace=False)
    night.later()
    assert night.room.deliveries.waiting_by_subscription() == {"desk": 1}


def test_held_notifications_are_counted_by_what_holds_them(night: Night, alert_of: Any) -> None:
    def held() -> float:
        return REGISTRY.get_sample_value("groundswell_notifications_held_total", {"by": "silence"}) or 0.0

    before = held()
    night.silence()
    night.read(alert_of(), alert_of(state="pending", id="a2"))
    assert held() == before + 1
    assert night.room.deliveries.held(2) == 1


CALENDAR = """
holds:
  - name: a-shares
    why: nobody trades
    match: {entities: [acme], severity: warning}
    zone: Asia/Shanghai
    outside: [{days: mon-fri, from: 09:15, to: 15:00}]
"""


@pytest.fixture
def after_hours(room: Any, desk: Any, tmp_path: Path) -> Night:  # noqa: ARG001
    """A notifier with trading hours, on a Monday a quarter of an hour before they begin."""
    path = tmp_path / "calendar.yaml"
    path.write_text(CALENDAR, "utf-8")
    notifier = room.settings.notifier.model_copy(update={"calendar": path})
    settings = room.settings.model_copy(update={"notifier": notifier})
    return Night(room, settings, datetime(2026, 3, 9, 1, 0, tzinfo=UTC))


def test_what_can_wait_is_told_at_the_opening(after_hours: Night, alert_of: Any) -> None:
    after_hours.read(alert_of())
    after_hours.later(timedelta(minutes=14))
    assert after_hours.waiting() == []
    after_hours.later(timedelta(minutes=1))
    assert after_hours.waiting() == ["firing"]


def test_what_cannot_wait_is_told_at_any_hour(after_hours: Night, alert_of: Any) -> None:
    after_hours.read(alert_of(severity="critical"))
    assert after_hours.waiting() == ["firing"]


def test_a_bad_calendar_stops_the_start(room: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("holds: 7", "utf-8")
    notifier = room.settings.notifier.model_copy(update={"calendar": tmp_path / "bad.yaml"})
    with pytest.raises(FatalError, match=r"notifier\.calendar"):
        Notifier(room.settings.model_copy(update={"notifier": notifier}), room.client, SystemClock())


def test_silences_are_shown_until_they_end_the_first_to_end_first(night: Night) -> None:
    later, sooner = night.silence(hours=3), night.silence(hours=1)
    assert night.silences.all(night.clock.now()) == [sooner, later]
    assert night.silences.all(night.clock.now() + 2 * HOUR) == [later]


def test_a_new_silence_clears_away_those_that_have_ended(night: Night) -> None:
    night.silence(hours=1)
    night.clock.advance(2 * HOUR)
    kept = night.silence(hours=1)
    key = f"{{{night.settings.redis.prefix}:notifier}}:silences"
    assert night.room.client.hkeys(key) == [kept.id.encode()]


def test_the_longest_silence_keeps_the_others_company_in_the_store(night: Night) -> None:
    night.silence(hours=30)
    night.silence(hours=1)
    key = f"{{{night.settings.redis.prefix}:notifier}}:silences"
    assert 29 * 3600 < night.room.client.ttl(key) <= 30 * 3600


def test_a_silence_that_cannot_be_read_hides_no_other(night: Night) -> None:
    made = night.silence()
    night.room.client.hset(f"{{{night.settings.redis.prefix}:notifier}}:silences", "ancient", "{}")
    assert night.silences.all(night.clock.now()) == [made]


@pytest.mark.parametrize("hours", [0, -1, 24 * 400])
def test_a_period_that_is_none_or_too_long_is_refused(night: Night, hours: float) -> None:
    with pytest.raises(ValidationError, match="within 366 days"):
        night.silence(hours)


def test_a_silence_that_has_ended_already_is_refused(night: Night) -> None:
    now = night.clock.now()
    with pytest.raises(FatalError, match="ended already"):
        night.silence(starts=now - 2 * HOUR, ends=now - HOUR)


def test_too_many_silences_are_refused(night: Night) -> None:
    night.silence()
    key = f"{{{night.settings.redis.prefix}:notifier}}:silences"
    night.room.client.hset(key, mapping={f"n{number}": "{}" for number in range(1_000)})
    with pytest.raises(FatalError, match="1,000"):
        night.silence()


def test_an_id_that_is_not_clear_ends_no_silence(night: Night) -> None:
    night.silence()
    night.silence()
    with pytest.raises(FatalError, match="2 silences begin so"):
        night.silences.end("", night.clock.now())
    with pytest.raises(FatalError, match="no such silence"):
        night.silences.end("zz", night.clock.now())

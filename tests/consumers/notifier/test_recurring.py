"""Recurring times: on the clocks of their place, through holidays and changes of the clocks; bad files in one line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.notifier.recurring import Recurring, read
from groundswell.errors import FatalError

SHARES = """
holds:
  - name: a-shares
    why: nobody trades
    match: {entities: ["*.SH", "*.SZ"], severity: info}
    zone: Asia/Shanghai
    outside:
      - {days: mon-fri, from: 09:15, to: 15:00}
    except: [2026-10-01..2026-10-08, 2026-02-17]
  - name: maintenance
    why: feeds are restarted
    zone: Europe/London
    during:
      - {days: sun, from: 02:00, to: 04:00}
"""


@pytest.fixture
def calendar(tmp_path: Path) -> dict[str, Recurring]:
    path = tmp_path / "calendar.yaml"
    path.write_text(SHARES, "utf-8")
    return {one.name: one for one in read(path)}


def hold(**fields: Any) -> Recurring:
    return Recurring.model_validate({"name": "one", "why": "so", "zone": "UTC", **fields})


@pytest.mark.parametrize(
    ("utc", "held"),
    [
        ("2026-03-02T01:14", True),  # Monday, 09:14 in Shanghai
        ("2026-03-02T01:15", False),
        ("2026-03-02T06:59", False),
        ("2026-03-02T07:00", True),
        ("2026-03-07T02:00", True),  # Saturday
        ("2026-10-05T02:00", True),  # a Monday of the holidays
        ("2026-10-09T02:00", False),
        ("2026-02-17T02:00", True),
    ],
)
def test_outside_trading_hours_and_on_holidays_what_can_wait_waits(
    calendar: dict[str, Recurring], utc: str, held: bool
) -> None:
    assert calendar["a-shares"].holds_at(datetime.fromisoformat(f"{utc}Z")) is held


@pytest.mark.parametrize(
    ("utc", "held"),
    [
        ("2026-03-01T02:00", True),  # winter: London keeps UTC
        ("2026-03-01T03:59", True),
        ("2026-03-01T04:00", False),
        ("2026-06-07T01:00", True),  # summer: 02:00 in London
        ("2026-06-07T03:00", False),
        ("2026-03-29T01:00", True),  # the hour from 01:00 to 02:00 is skipped
        ("2026-03-29T00:59", False),
        ("2026-03-02T02:30", False),  # Monday
    ],
)
def test_maintenance_follows_the_clocks_of_its_place(calendar: dict[str, Recurring], utc: str, held: bool) -> None:
    assert calendar["maintenance"].holds_at(datetime.fromisoformat(f"{utc}Z")) is held


def test_an_hour_that_comes_twice_is_held_twice() -> None:
    one = hold(zone="Europe/London", during=[{"days": "sun", "from": "01:00", "to": "02:00"}])
    begin = datetime(2026, 10, 25, tzinfo=UTC)
    held = [minute for minute in range(24 * 60) if one.holds_at(begin + timedelta(minutes=minute))]
    assert held == list(range(120))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    one = hold(during=[{"days": "fri", "from": "22:00", "to": "06:00"}], **{"except": "2026-03-13"})
    friday = datetime(2026, 3, 6, 22, tzinfo=UTC)
    moments = [friday, friday + timedelta(hours=8, minutes=-1), friday + timedelta(hours=8), friday - timedelta(hours=17)]
    assert [one.holds_at(moment) for moment in moments] == [True, True, False, False]
    assert not one.holds_at(friday + timedelta(days=7, hours=3))


def test_days_may_be_listed_and_ranges_may_pass_a_week_s_end() -> None:
    one = hold(during=[{"days": "sat-mon, wed", "from": "00:00", "to": "24:00"}])
    monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert [one.holds_at(monday + timedelta(days=day)) for day in range(7)] == [True, False, True, False, False, True, True]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(0, 1439), st.integers(0, 1440))  # noqa: DTZ001
def test_outside_is_the_rest_of_during(moment: datetime, begin: int, end: int) -> None:
    if begin == end:
        end = begin + 1
    window = {"days": "tue-thu", "from": f"{begin // 60}:{begin % 60}", "to": f"{end // 60}:{end % 60}"}
    at = moment.replace(tzinfo=UTC)
    within, without = hold(zone="America/New_York", during=[window]), hold(zone="America/New_York", outside=[window])
    assert within.holds_at(at) != without.holds_at(at)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("holds: [", "not YAML"),
        ("", "calendar.yaml:"),
        ("holds: []\nmore: 1", "more: no such field"),
        ("holds: [{name: a, why: b, zone: Mars/Olympus, during: [{from: 1:00, to: 2:00}]}]", "no time zone"),
        ("holds: [{name: a, why: b, zone: UTC}]", "either as during or as outside"),
        ("holds: [{name: a, why: b, zone: UTC, during: [{days: monday, from: 1:00, to: 2:00}]}]", "'monday' is no day"),
        ("holds: [{name: a, why: b, zone: UTC, during: [{from: 1, to: 2:00}]}]", "'1' is no time of day"),
        ("holds: [{name: a, why: b, zone: UTC, during: [{from: 1:00, to: 25:00}]}]", "past midnight"),
        ("holds: [{name: a, why: b, zone: UTC, during: [{from: 1:00, to: 1:00}]}]", "00:00 to 24:00"),
        ("holds: [{name: a, why: b, zone: UTC, during: [{from: 1:00, to: 2:00}], except: [1.10.]}]", "'1.10.' is no date"),
        (
            "holds: [{name: a, why: b, zone: UTC, during: [{from: 1:00, to: 2:00}], except: [2026-02-02..2026-01-01]}]",
            "ends after it begins",
        ),
        ("holds: [&a {name: a, why: b, zone: UTC, during: [{from: 1:00, to: 2:00}]}, *a]", "two holds are called a"),
        ("holds: [{name: a, why: b, zone: UTC, match: {severity: dire}, during: [{from: 1:00, to: 2:00}]}]", "severity"),
    ],
)
def test_a_bad_file_is_told_in_one_line_that_names_the_place(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(FatalError) as raised:
        read(path)
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"notifier.calendar {path}")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="give the path of a YAML file"):
        read(tmp_path / "nowhere.yaml")

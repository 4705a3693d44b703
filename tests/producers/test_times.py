"""Times as sources write them land in the right minute, or are refused in one line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.errors import FatalError
from producers.times import NaiveTimeError, parse_time, zone

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
MOMENT = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)

moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe"), UTC])


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-09T09:30:00+08:00",
        "2026-03-09T01:30:00Z",
        "2026-03-09 01:30:00 UTC",
        "2026-03-09 09:30 +0800",
        "20260309T093000+0800",
        "2026/3/9 9:30",
        "2026/03/09 09:30:00",
        "2026-03-09T09:30",
        "1773019800",
        "1773019800000",
        "1773019800.0",
        1773019800,
        1773019800000,
        "Mon, 09 Mar 2026 01:30:00 GMT",
        "Mon, 09 Mar 2026 09:30:00 +0800 (CST)",
        "09 Mar 26 09:30 CST",
        "Mon, 09 Mar 2026 01:30:00 -0000",
    ],
)
def test_one_moment_is_read_the_same_however_a_chinese_source_writes_it(written: object) -> None:
    assert parse_time(written, SHANGHAI) == MOMENT


def test_the_abbreviation_cst_means_central_time_where_the_source_is_not_chinese() -> None:
    assert parse_time("Mon, 09 Mar 2026 09:30:00 CST", None) == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "source", "minute"),
    [
        ("2026-03-06 09:30", NEW_YORK, datetime(2026, 3, 6, 14, 30, tzinfo=UTC)),
        ("2026-03-09 09:30", NEW_YORK, datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),
        ("2026-03-06 09:30", SHANGHAI, datetime(2026, 3, 6, 1, 30, tzinfo=UTC)),
        ("2026-03-09 09:30", SHANGHAI, datetime(2026, 3, 9, 1, 30, tzinfo=UTC)),
        ("2026-10-30 16:00", NEW_YORK, datetime(2026, 10, 30, 20, 0, tzinfo=UTC)),
        ("2026-11-02 16:00", NEW_YORK, datetime(2026, 11, 2, 21, 0, tzinfo=UTC)),
        ("2026-11-02 15:00", SHANGHAI, datetime(2026, 11, 2, 7, 0, tzinfo=UTC)),
    ],
)
def test_the_weeks_in_which_only_the_us_has_changed_its_clocks_land_in_the_right_minute(
    written: str, source: ZoneInfo, minute: datetime
) -> None:
    assert parse_time(written, source) == minute


def test_a_time_that_comes_twice_means_the_first_of_the_two() -> None:
    assert parse_time("2026-11-01 01:30", NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_time_that_clocks_skip_moves_on_by_the_gap() -> None:
    assert parse_time("2026-03-08 02:30", NEW_YORK) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_date_alone_is_its_midnight() -> None:
    assert parse_time("2026-03-09", SHANGHAI) == datetime(2026, 3, 8, 16, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2026-03-09T09:30:00", "2026/3/9 9:30", "Mon, 09 Mar 2026 09:30:00", "2026-03-09"])
def test_a_naive_time_without_a_zone_is_refused(written: str) -> None:
    with pytest.raises(NaiveTimeError, match="no zone"):
        parse_time(written, None)


@pytest.mark.parametrize(
    "written",
    [
        "yesterday", "", "0", "17", "2026-13-01T00:00Z", "2026-02-30 10:00Z", "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00", "Mon, 09 Mar 2026 09:30:00 XYZ", "Mon, 32 Mar 2026 09:30:00 GMT",
        "99999999999999", "05/03/2026 09:30",
        True, None, [1], float("nan"), float("inf"), 1e300, -5, "9" * 5000, "2026-03-09T09:30\ud800", "\x00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_in_one_line(written: object) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse_time(written, SHANGHAI)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(moments, zones)
def test_what_isoformat_writes_in_any_zone_is_the_same_moment(moment: datetime, source: ZoneInfo) -> None:
    assert parse_time(moment.astimezone(source).isoformat(), None) == moment


@given(moments, zones)
def test_a_wall_clock_time_is_within_its_zones_offset_and_reads_back(moment: datetime, source: ZoneInfo) -> None:
    wall = moment.astimezone(source).replace(tzinfo=None)
    read = parse_time(wall.isoformat(), source)
    assert read.astimezone(source).replace(tzinfo=None) == wall
    assert moment - read in {timedelta(0), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)}


@given(st.integers(100_000_000, 7_000_000_000))
def test_seconds_and_milliseconds_of_one_moment_agree(seconds: int) -> None:
    expected = datetime.fromtimestamp(seconds, UTC)
    assert parse_time(seconds, None) == parse_time(str(seconds), None) == expected
    assert parse_time(seconds * 1000, None) == parse_time(str(seconds * 1000), None) == expected


@given(st.text(max_size=90) | st.floats() | st.integers() | st.from_regex(r"[0-9/:TZ +-]{1,30}", fullmatch=True))
def test_nothing_but_a_value_error_ever_comes_of_a_bad_time(written: object) -> None:
    try:
        moment = parse_time(written, SHANGHAI)
    except ValueError:
        return
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Asia"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(FatalError, match="no such time zone"):
        zone(name)

"""The live view at several widths and where there is no terminal."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console

from groundswell.clock import ManualClock
from groundswell.errors import RetryableError
from groundswell.live import (
    LiveView,
    Row,
    alert_table,
    number,
    plain_line,
    seconds,
    sparkline,
    stage_table,
    subject_table,
)
from groundswell.messages import Alert, AlertState
from groundswell.scrape import Rates
from tests.alerts import alert_of

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
AWAY = {"diverger": "http://127.0.0.1:9/metrics"}
BUSY = Rates(records_in=412.5, records_out=1234, failed=3, lag_records=12, lag_seconds=0.7, p50=0.004, p95=1.5)


def alert(headline: str, state: AlertState = AlertState.FIRING, at: datetime = NOW) -> Alert:
    return alert_of(
        at,
        id=headline[:10],
        state=state,
        subject={"topic": "fraud", "entity": "lantern"},
        headline={"zh": "负面舆情激增", "en": headline},
        hypotheses=[],
    )


def drawn(part: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def view(console: Console, rows: Sequence[Row] = (), alerts: Sequence[Alert] = ()) -> LiveView:
    return LiveView(AWAY, lambda: rows, lambda: alerts, console=console, clock=ManualClock(NOW))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    rows = [Row("财务造假/海港灯饰" * 5, 1e6, 0.7, 0.2, tuple(range(60)))]
    with view(console, rows, [alert("Negative surge on Lantern " * 8)]) as shown:
        shown.refresh()
        lines = drawn(shown.render(width), width)
    assert max(cell_len(line) for line in lines) <= width
    assert any(line.startswith("▲ Negative surge") for line in lines)


def test_a_busy_stage_shows_rates_lag_latency_and_failures() -> None:
    line = drawn(stage_table({"diverger": BUSY}, 80), 80)[1]
    assert line.split() == ["diverger", "412", "1,234", "12", "700", "ms", "4", "ms", "1.5", "s", "3"]


def test_a_stage_that_does_not_answer_is_starting() -> None:
    assert "starting" in drawn(stage_table({"diverger": None}, 80), 80)[1]


def test_a_stance_bar_is_full_whatever_the_shares() -> None:
    for negative, positive in ((0.0, 0.0), (1.0, 0.0), (0.55, 0.45), (0.5, 0.5)):
        assert drawn(subject_table([Row("subject", 5, negative, positive)], 80), 80)[1].count("█") == 10


def test_characters_that_a_terminal_would_act_on_are_not_shown() -> None:
    text = "\n".join(drawn(subject_table([Row("evil\x1b[2J\u202e\x00\u200b", 1, 0, 0)], 80), 80))
    assert "evil[2J" in text


def test_the_newest_alert_comes_first() -> None:
    older, newer = alert("Older", at=NOW.replace(hour=8)), alert("Newer")
    lines = drawn(alert_table([older, newer], 80), 80)
    assert [line.split()[1] for line in lines[1:]] == ["Newer", "Older"]


def test_the_last_answer_stays_while_redis_is_away() -> None:
    answers = [[Row("kept", 5, 0.2, 0.2)]]

    def hottest() -> Sequence[Row]:
        if answers:
            return answers.pop()
        raise RetryableError("Redis did not answer (ConnectionError)")

    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    with LiveView(AWAY, hottest, lambda: (), console=console, clock=ManualClock(NOW)) as shown:
        shown.refresh()
        shown.refresh()
        text = "\n".join(drawn(shown.render(80), 80))
    assert "kept" in text
    assert "Redis did not answer" in text


def test_without_a_terminal_there_is_one_plain_line_every_few_seconds() -> None:
    console = Console(file=io.StringIO(), width=40)
    with view(console, alerts=[alert("Firing")]) as shown:
        shown.refresh()
        shown.refresh()
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "diverger: starting | 1 firing\n"


def test_the_plain_line_names_each_stage_with_its_rates() -> None:
    assert plain_line({"diverger": BUSY}, []) == ("diverger: 412/s in, 1,234/s out, lag 12, p95 1.5 s, failed 3 | 0 firing")


def test_it_runs_until_all_is_finished() -> None:
    turns = iter([False, False, True])
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    with view(console, [Row("subject", 5, 0.2, 0.2)]) as shown:
        shown.run(lambda: next(turns))
    assert isinstance(console.file, io.StringIO)
    assert "subject" in console.file.getvalue()


def test_a_sparkline_shows_the_least_of_what_is_there() -> None:
    assert sparkline([0, 1, 1000], 3) == " ▁█"


def test_numbers_and_durations_take_few_characters() -> None:
    assert [number(value) for value in (None, 0, 7, 7.31, 1234, 12_345, 4.5e6)] == [
        *("–", "0", "7", "7.3", "1,234", "12.3k", "4.5M"),
    ]
    assert [seconds(value) for value in (None, 0.004, 1.5, 720, 11_520, 432_000)] == [
        *("–", "4 ms", "1.5 s", "12 min", "3.2 h", "5.0 d"),
    ]

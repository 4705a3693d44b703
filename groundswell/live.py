"""The live view: what each stage does, the hottest subjects, the latest alerts; plain lines without a terminal."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from groundswell.clock import Clock, SystemClock
from groundswell.errors import RetryableError
from groundswell.messages import Alert, AlertState, Severity
from groundswell.scrape import Rates, Scraper

INTERVAL = 0.5
"""Seconds between two looks at everything."""
PLAIN_INTERVAL = 5.0
"""Seconds between two lines where there is no terminal."""
ROWS = 8
NARROW, WIDE = 70, 110
"""Columns under which only the essentials are shown, and from which everything is."""

SPARKS = " ▁▂▃▄▅▆▇█"
SEVERITY_STYLES = {Severity.INFO: "cyan", Severity.WARNING: "yellow", Severity.CRITICAL: "bold red"}
STATE_MARKS = {
    AlertState.PENDING: "…",
    AlertState.FIRING: "▲",
    AlertState.ACKNOWLEDGED: "✓",
    AlertState.RESOLVED: "▽",
}


@dataclass(frozen=True)
class Row:
    """A subject among the hottest: its texts lately, the shares of the stances, its texts over time, oldest first."""

    subject: str
    texts: float
    negative: float
    positive: float
    history: tuple[float, ...] = ()


def shown(text: str) -> str:
    """Return ``text`` without what a terminal would act on: control, bidi and zero-width characters."""
    return "".join(character for character in text if character.isprintable())


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the last ``width`` values as a row of bars, the highest of them at full height."""
    last = values[-width:]
    top = max(last, default=0.0)
    if top <= 0:
        return SPARKS[0] * len(last)
    return "".join(SPARKS[min(8, max(int(value > 0), round(8 * value / top)))] for value in last)


def number(value: float | None) -> str:
    """Return ``value`` in few characters: 7, 7.3, 412, 12.3k, 4.5M; a dash for None."""
    if value is None:
        return "–"
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{value / (1e6 if unit == 'M' else 1e3):.1f}{unit}"
    return f"{value:.1f}" if 0 < value < 10 and value != int(value) else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """Return a duration in few characters: 4 ms, 1.5 s, 12 min, 3.2 h, 5.0 d; a dash for None."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    for limit, size, unit, digits in ((90, 1, "s", 1), (5400, 60, "min", 0), (172_800, 3600, "h", 1)):
        if value < limit:
            return f"{value / size:.{digits}f} {unit}"
    return f"{value / 86_400:.1f} d"


def stage_table(stages: Mapping[str, Rates | None], width: int) -> Table:
    """Return the table of stages for ``width`` columns."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("stage", no_wrap=True, overflow="ellipsis", min_width=8 if width < NARROW else 16)
    heads = ["in/s", "out/s", "lag"]
    heads += [] if width < NARROW else ["lag time", "p50", "p95", "failed"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True, min_width=5 if width < WIDE else 9)
    for stage, found in stages.items():
        if found is None:
            table.add_row(Text(stage), Text("starting", "yellow"))
            continue
        cells = [number(found.records_in), number(found.records_out), number(found.lag_records)]
        if width >= NARROW:
            cells += [seconds(found.lag_seconds), seconds(found.p50), seconds(found.p95)]
        row = [Text(stage, "bold"), *(Text(cell) for cell in cells)]
        if width >= NARROW:
            row.append(Text(number(found.failed), "red" if found.failed else ""))
        table.add_row(*row)
    return table


def subject_table(rows: Sequence[Row], width: int) -> RenderableType:
    """Return the table of the hottest subjects for ``width`` columns."""
    if not rows:
        return Text("no subjects yet", "dim")
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
    table.add_column("hottest subjects", no_wrap=True, ratio=1, overflow="ellipsis")
    table.add_column("texts", justify="right", no_wrap=True)
    bars = 10 if width < WIDE else 20
    if width >= NARROW:
        table.add_column("stance", width=bars, no_wrap=True)
        table.add_column("lately", justify="right", width=bars + 10, no_wrap=True)
    for row in rows[:ROWS]:
        cells = [Text(shown(row.subject)), Text(number(row.texts))]
        if width >= NARROW:
            cells += [_stance_bar(row, bars), Text(sparkline(row.history, bars + 10), "cyan")]
        table.add_row(*cells)
    return table


def _stance_bar(row: Row, width: int) -> Text:
    negative = round(width * min(1.0, row.negative))
    positive = min(width - negative, round(width * row.positive))
    bar = Text("█" * negative, "red")
    return bar.append("█" * (width - negative - positive), "bright_black").append("█" * positive, "green")


def alert_table(alerts: Sequence[Alert], width: int) -> RenderableType:
    """Return the table of the latest alerts for ``width`` columns, the newest first."""
    if not alerts:
        return Text("no alerts", "dim")
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
    table.add_column("latest alerts", no_wrap=True, ratio=1, overflow="ellipsis")
    if width >= NARROW:
        table.add_column("state", no_wrap=True)
        table.add_column("×", justify="right", no_wrap=True)
        table.add_column("since (UTC)", no_wrap=True)
    for alert in sorted(alerts, key=lambda alert: alert.updated_at, reverse=True)[:ROWS]:
        style = "dim" if alert.state is AlertState.RESOLVED else SEVERITY_STYLES[alert.severity]
        cells = [Text(f"{STATE_MARKS[alert.state]} {shown(alert.headline.en)}", style)]
        if width >= NARROW:
            since = f"{alert.started_at:%m-%d %H:%M}"
            cells += [Text(str(alert.state), style), Text(number(alert.ratio)), Text(since)]
        table.add_row(*cells)
    return table


def plain_line(stages: Mapping[str, Rates | None], alerts: Sequence[Alert]) -> str:
    """Return everything in one line, for logs."""
    parts = []
    for stage, found in stages.items():
        if found is None:
            parts.append(f"{stage}: starting")
        else:
            parts.append(
                f"{stage}: {number(found.records_in)}/s in, {number(found.records_out)}/s out, "
                f"lag {number(found.lag_records)}, p95 {seconds(found.p95)}, failed {number(found.failed)}"
            )
    firing = sum(alert.state is AlertState.FIRING for alert in alerts)
    return " | ".join([*parts, f"{firing} firing"])


class LiveView:
    """A context manager that shows the stages at the addresses of ``pages``; `run` keeps it up to date.

    ``hottest`` and ``alerts`` are asked each time; while they raise RetryableError the last answer stays.
    """

    def __init__(
        self,
        pages: Mapping[str, str],
        hottest: Callable[[], Sequence[Row]],
        alerts: Callable[[], Sequence[Alert]],
        *,
        title: str = "groundswell",
        console: Console | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._scraper = Scraper(pages, self._clock)
        self._hottest, self._alerts = hottest, alerts
        self._title = title
        self._console = console or Console()
        self._notes: deque[str] = deque(maxlen=3)
        self._stages: Mapping[str, Rates | None] = dict.fromkeys(pages)
        self._rows: Sequence[Row] = ()
        self._found: Sequence[Alert] = ()
        self._next_line = 0.0
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None

    def note(self, line: str) -> None:
        """Show ``line`` under everything else: the last three stay. May be called from any thread."""
        if self._live:
            self._notes.append(line)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def refresh(self) -> None:
        """Look at everything once and show it."""
        self._stages = self._scraper.read()
        try:
            self._rows = self._hottest()
            self._found = self._alerts()
        except RetryableError as error:
            self.note(str(error))
        if self._live:
            self._live.update(self.render(self._console.width), refresh=True)
        elif self._clock.monotonic() >= self._next_line:
            self._next_line = self._clock.monotonic() + PLAIN_INTERVAL
            self._console.print(plain_line(self._stages, self._found), markup=False, highlight=False, soft_wrap=True)

    def render(self, width: int) -> RenderableType:
        """Return the whole view for ``width`` columns."""
        parts: list[RenderableType] = [Rule(Text(self._title, "bold"), style="blue"), stage_table(self._stages, width)]
        parts += [Text(), subject_table(self._rows, width), Text(), alert_table(self._found, width)]
        parts += [Text(shown(line), "yellow", no_wrap=True, overflow="ellipsis") for line in self._notes]
        return Group(*parts)

    def run(self, finished: Callable[[], bool]) -> None:
        """Refresh twice a second until ``finished()``, which is asked each time and may raise."""
        while not finished():
            self.refresh()
            threading.Event().wait(INTERVAL)
        self.refresh()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()
        self._scraper.close()

"""``groundswell surges``: the surge detector on its own, over any series of counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from groundswell.cli.app import app, err, say
from groundswell.cli.series import Series, read_series, write_scores
from groundswell.errors import FatalError

if TYPE_CHECKING:
    from consumers.converger.detector.series import Detection


@app.command()
def surges(
    series: Annotated[Path, typer.Argument(help="Counts as CSV: timestamp,value, in order of time.")],
    scores: Annotated[Path, typer.Option("--out", help="Where the scores go, as CSV: timestamp,anomaly_score.")],
    plot: Annotated[Path | None, typer.Option(help="Draw the series, what was expected and the detections, as PNG.")] = None,
    budget: Annotated[
        float, typer.Option(min=0.05, max=10, help="False alarms a day: the score from which rows count as detections.")
    ] = 0.1,
) -> None:
    """Score every row of a count series from that row and the ones before it: how sure a surge begins there."""
    import numpy as np  # noqa: PLC0415

    from consumers.converger.detector.returns import threshold
    from consumers.converger.detector.series import detect

    if scores.exists() and series.exists() and scores.samefile(series):
        raise FatalError(f"--out {scores}: this is the series itself; name another file")
    with _bar(f"reading {series.name}", None):
        rows = read_series(series)
    minutes, counts = np.array([moment.timestamp() / 60 for moment in rows.times]), np.array(rows.counts)
    with _bar("scoring", len(rows)) as advance:
        found = detect(minutes, counts, advance)
    write_scores(scores, rows.written, found.scores.tolist())
    least = threshold(budget)
    detections = int((found.scores >= least).sum())
    say(f"rows scored: {len(rows):,}; detections, of a score of {least:.3f} or more: {detections:,}; written: {scores}")
    if plot:
        _draw(plot, rows, found, least)


def _draw(path: Path, rows: Series, found: "Detection", least: float) -> None:
    from consumers.converger.detector.picture import draw

    try:
        with _bar("drawing", None):
            draw(path, rows.times, rows.counts, found, least)
    except OSError as error:
        raise FatalError(f"--plot {path}: {error.strerror}; name a file in a folder that can be written to") from None
    say(f"drawn: {path}")


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar of rows on a terminal, silence elsewhere; yields what is told of rows as they are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(task, rows)

"""The hypotheses of a file of texts, read by the model once and kept: what a backtest begins with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from groundswell.cli.app import err, say
from groundswell.cli.replaying import stream_of, texts_of
from groundswell.settings import Settings

Update = Callable[[int], None]
"""Takes how far it is by now."""


def kept_beside(texts: Path) -> Path:
    """The file in which the hypotheses of ``texts`` are kept where the user names none."""
    return texts.with_name(f"{texts.stem}.hypotheses.jsonl.gz")


def ensure_read(texts: Path, source: str | None, kept: Path, settings: Settings) -> None:
    """Have the hypotheses of ``texts`` in the file ``kept``; the model is loaded only where they are not there yet."""
    from consumers.backtest.fingerprint import fingerprint
    from consumers.backtest.kept import MisfitError, check

    read = texts_of(texts, source)
    follows_from = fingerprint(texts, source, settings)
    if kept.exists():
        try:
            check(kept, follows_from)
        except MisfitError as misfit:
            say(f"{kept}: {misfit}; the texts are read again")
        else:
            say(f"hypotheses from {kept}: the model is not needed")
            return
    from consumers.backtest.gathering import gather
    from consumers.start import reader

    with progress("texts to read", stream_of(read, str(texts)).texts) as update:
        gather(kept, follows_from, read(), lambda: reader(settings), update)


@contextmanager
def progress(what: str, total: int) -> Iterator[Update]:
    """A bar with the time left on a terminal; elsewhere one line that says what begins."""
    if not err.is_terminal:
        say(f"{what}: {total:,}")
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)

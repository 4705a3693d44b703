"""A progress bar on a terminal, silence elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

Report = Callable[[int, int], None]
"""Takes the bytes read and the texts acknowledged so far."""


@contextmanager
def bar(name: str, size: int | None, console: Console) -> Iterator[Report]:
    """A bar for a file of ``size`` bytes, with rate and time left; only counts where the size is unknown."""
    if not console.is_terminal:
        yield lambda _read, _texts: None
        return
    known = (BarColumn(), DownloadColumn(), TimeRemainingColumn()) if size else (SpinnerColumn(),)
    counts = TextColumn("{task.fields[texts]:,} texts")
    with Progress(TextColumn("{task.description}"), *known, counts, _Rate(), console=console) as progress:
        task = progress.add_task(name, total=size, texts=0)
        yield lambda read, texts: progress.update(task, completed=read, texts=texts)


class _Rate(TextColumn):
    """Texts a second since the start."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        elapsed = task.finished_time or task.elapsed
        return Text(f"{task.fields['texts'] / elapsed:,.0f}/s" if elapsed else "")

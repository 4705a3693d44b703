"""Tables as all commands print them."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from groundswell.cli.app import out, plain

WIDEST = 1_000


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> Table:
    """Names on the left, figures to the right of them; nothing in it is taken for markup."""
    shown = Table(title=plain(title) if title else None, title_justify="left")
    for place, name in enumerate(columns):
        shown.add_column(plain(name), justify="right" if place else "left", overflow="fold")
    for row in rows:
        shown.add_row(*map(plain, row))
    return shown


def show(table: Table) -> None:
    """Print ``table``; where no terminal bounds it, as wide as it needs."""
    if not out.is_terminal:
        table.width = out.measure(table, options=out.options.update(width=WIDEST)).maximum
    out.print(table, soft_wrap=not out.is_terminal)

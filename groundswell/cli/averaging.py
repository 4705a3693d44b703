"""``groundswell average``: one pack from the weights of two."""

from pathlib import Path
from typing import Annotated

import typer

from groundswell.cli.app import app, err, say, settings_of
from groundswell.cli.packs import folder_of
from groundswell.cli.tables import show, table


@app.command()
def average(
    context: typer.Context,
    first: Annotated[str, typer.Argument(help="Pack folder, or the language (zh, en) of the pack in use.")],
    second: Annotated[str, typer.Argument(help="Another over the same base with the same labels, whose card is kept.")],
    data: Annotated[Path, typer.Option(help="Folder with the sets that the second was trained on, as NAME_train.jsonl.")],
    to: Annotated[Path, typer.Option("--out", help="Folder for the mean.")],
    share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="How much the second counts; by default the best on held-out texts.")
    ] = None,
) -> None:
    """Average the weights of two packs: often better than either, and nearer to what the first knew.

    Of several shares the one with the least held-out loss is taken, and the mean calibrated there as training does it.
    Judge it with `groundswell compare` before it is used.
    """
    from model.average import SHARES
    from model.average import average as averaged

    settings = settings_of(context)
    folders = folder_of(first, settings), folder_of(second, settings)
    card, tried = averaged(*folders, data, to, settings.cache_dir, SHARES if share is None else (share,), err)
    names = list(tried[0].scores)
    rows = [(f"{one.share:g}", *(f"{one.scores[name]:.4f}" for name in names)) for one in tried]
    show(table(("share of the second", *(name.removeprefix("held_out/") for name in names)), rows))
    made = " and ".join(f"{one.share:g} of {one.name} {one.version}" for one in card.mean_of)
    say(f"{made} are in {to}; give it a version of its own in {to / 'card.yaml'}")

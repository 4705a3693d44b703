"""``groundswell calibrate``: temperatures and sets of a finished pack anew, without training."""

from pathlib import Path
from typing import Annotated

import typer

from groundswell.cli.app import app, err, say, settings_of
from groundswell.cli.packs import folder_of


@app.command()
def calibrate(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(help="Pack folder, or the language (zh, en) of the pack in use.")],
    data: Annotated[Path, typer.Option(help="Folder with the sets it was trained on, as NAME_train.jsonl.")],
) -> None:
    """Fit temperatures, the sets of topics and stances, and the training mix of a pack anew, on its held-out texts.

    As training does at its end, without training: for a pack calibrated by an older version, or after conformal.coverage
    in its card.yaml was changed. The result is written into card.yaml; a running diverger takes it up by itself.
    """
    from model.recalibrate import recalibrate

    settings = settings_of(context)
    folder = folder_of(pack, settings)
    card = recalibrate(folder, data, settings.cache_dir, settings.reading.threads, err)
    temperatures = ", ".join(f"{group.name} {group.temperature:g}" for group in card.groups)
    stances = card.stance_sets.rows if card.stance_sets else 0
    say(f"temperatures {temperatures}; sets fitted on {card.conformal.rows:,} texts with topics, {stances:,} with a stance")
    say(f"the calibration is in {folder / 'card.yaml'}")

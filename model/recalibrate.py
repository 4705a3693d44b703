"""Calibrating a finished pack anew: temperatures, sets and training mix as training fits them; no weight changes.

It is for a pack that was calibrated by an older version, or whose card asks for another coverage.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from groundswell.errors import FatalError
from model.calibrate import calibrated
from model.card import Card, read_card, write_card
from model.data import Example, examples
from model.mix import mix_of, stance_prior
from model.pack import Pack

CHUNK = 128
"""Texts between two looks at how far it is."""


def recalibrate(folder: Path, data: Path, cache: Path, threads: int | None = None, console: Console | None = None) -> Card:
    """Fit the calibration of the pack in ``folder`` on the held-out texts of the sets in ``data``; returns the new card.

    ``data`` is what the pack was trained on: the texts held out from it are the same ones, unknown to the weights. The card
    is written once the pack has passed its self-test with it. Raises FatalError in one line when a set or a file of the pack
    is missing or wrong, when no text is held out, or when a canned sentence is misread; then nothing is written.
    """
    old = read_card(folder)
    found = examples(old, data)
    held_out = held_out_of(found, data)
    console = console or Console(stderr=True)
    before = Pack.assemble(old, folder, cache, threads)
    parts = [before.logits(texts) for texts in _chunks(held_out, "fitting on held-out texts", console)]
    logits = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    after = Pack.assemble(calibrated(old, held_out, logits), folder, cache, threads)
    after.self_test()
    read = [one for texts in _chunks(held_out, "measuring the training mix", console) for one in after.predict(texts)]
    card = after.card.model_copy(update={"mix": mix_of(read), "stance_prior": stance_prior(found)})
    write_card(card, folder)
    return card


def held_out_of(found: Sequence[Example], data: Path) -> list[Example]:
    """The held-out ones of the examples ``found`` in ``data``; FatalError where there are none."""
    held_out = [example for example in found if example.held_out]
    if not held_out:
        raise FatalError(f"data: none of the texts in {data} is held out; give the folder with the sets of the recipe")
    return held_out


def _chunks(held_out: Sequence[Example], what: str, console: Console) -> Iterator[list[str]]:
    for start in track(range(0, len(held_out), CHUNK), what, console=console):
        yield [example.text for example in held_out[start : start + CHUNK]]

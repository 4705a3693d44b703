"""``groundswell card``: what a pack is, was made from and can do, as a person reads it; card.yaml is the one source."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from groundswell.cli import packs
from groundswell.cli.app import app, err, out, plain, say, settings_of
from groundswell.errors import FatalError
from groundswell.settings import Settings

if TYPE_CHECKING:
    from model.card import Card, Part


@app.command()
def card(
    context: typer.Context,
    pack: Annotated[str | None, typer.Argument(help="Language (zh, en) or pack folder; without it all packs in use.")] = None,
    mix: Annotated[
        Path | None, typer.Option(help="Measure the training mix on the held-out texts in this folder, and write it down.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The card as JSON.")] = False,
) -> None:
    """Show the card of a pack: what it is for, its limits, data with licences, figures with their commands, calibration."""
    from model.card import read_card

    settings = settings_of(context)
    used = packs.folders(settings)
    folders = list(used.values()) if pack is None else [used.get(pack, Path(pack))]
    if mix is not None:
        if pack is None:
            raise FatalError("card --mix: name the pack whose mix is measured")
        _measure(folders[0], mix, settings)
    for folder in folders:
        read = read_card(folder)
        if as_json:
            typer.echo(read.model_dump_json(exclude_none=True))
        else:
            _show(read, folder)


def _measure(folder: Path, data: Path, settings: Settings) -> None:
    from model.card import write_card
    from model.data import examples
    from model.mix import training_mix
    from model.pack import Pack

    with err.status("reading the held-out texts"):
        loaded = Pack.load(folder, settings.cache_dir, settings.reading.threads)
        found = training_mix(loaded, examples(loaded.card, data))
    if found is None:
        raise FatalError(f"card --mix {data}: none of its texts is held out; give the folder with the sets of the recipe")
    write_card(loaded.card.model_copy(update={"mix": found}), folder)
    say(f"the mix of {found.texts:,} texts is in {folder / 'card.yaml'}")


def _show(card: "Card", folder: Path) -> None:
    title = f"{card.name} {card.version}"
    out.print(Styled(f"{title} reads {card.language}, in {folder}", "bold"), soft_wrap=True)
    for name, lines in _sections(card):
        out.print(Styled(f"\n{name}", "bold cyan"))
        for line in lines:
            out.print(Padding(line if isinstance(line, Table) else plain(line), (0, 0, 0, 2)))
    out.print()


def _sections(card: "Card") -> Iterator[tuple[str, list[str | Table]]]:
    yield "Intended use", [card.intended_use]
    yield "Limits", [card.limits]
    yield "Base", [_base(card)]
    if card.mean_of:
        yield "Mean of", [f"{one.share:g} of {one.name} {one.version}" for one in card.mean_of]
    yield "Learnt from", [_table(("set", "texts", "licence", "what"), [_source(one) for one in card.data])]
    yield "Figures", [line for one in card.figures for line in _figure(one)] or ["none measured since the last training"]
    yield "Calibration", list(_calibration(card))
    if card.mix is not None:
        yield "Training mix", list(_mix(card))
    yield "Must read right at every start", [f"{one.stance}: {one.text}" for one in card.self_test] or ["nothing"]


def _base(card: "Card") -> str:
    from model.bases import PINNED

    pinned = PINNED.get(card.base)
    if pinned is not None:
        return f"{card.base}, {pinned.licence}, pinned: {pinned.artifact} {pinned.version}"
    digest = card.base_sha256
    return f"{card.base}, " + (f"weights of SHA-256 {digest}" if digest else "whose weights the card does not pin")


def _source(source: "Part") -> tuple[str, ...]:
    row = source.model_dump()
    return (row["name"], f"{row['rows']:,}", row["licence"], row["what"])


def _figure(figure: "Part") -> list[str]:
    """What was measured, whatever that was, then the command that measures it again."""
    row = {name: value for name, value in figure.model_dump().items() if value is not None}
    measured = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in row.items() if isinstance(value, float))
    return [f"{row['set']} ({row['rows']:,} texts): {measured}", f"    {row['command']}"]


def _calibration(card: "Card") -> Iterator[str]:
    from model.abstention import SURE
    from model.card import STANCES

    for group in card.groups:
        yield f"{group.name}: {len(group.labels)} labels, {group.kind}, temperature {group.temperature:g}"
    conformal = card.conformal
    yield (
        f"sets of topics: made to hold all right topics of {conformal.coverage:.0%} of texts, fitted on {conformal.rows:,} "
        f"held-out ones; a topic is kept from {conformal.threshold:.2f} on"
    )
    if (sets := card.stance_sets) is not None:
        kept = ", ".join(f"{name} from {sets.threshold_of(name):.2f}" for name in STANCES)
        yield (
            f"sets of stances: made to hold the right one of {sets.coverage:.0%} of the texts of each stance, fitted on "
            f"{sets.rows:,} held-out ones; kept are the likeliest, {kept} on"
        )
    yield f"a text whose leading stance is under {SURE:.2f} is unsure, and counts as neutral"


def _mix(card: "Card") -> Iterator[str]:
    mix = card.mix
    assert mix is not None
    yield f"what it reads in {mix.texts:,} held-out training texts; drift is told against it"
    for shares in (mix.stances, mix.topics):
        yield ", ".join(f"{name} {share:.1%}" for name, share in sorted(shares.items(), key=lambda item: -item[1]))


def _table(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    shown = Table(box=None, pad_edge=False)
    for name in names:
        shown.add_column(name, justify="right" if name == "texts" else "left", overflow="fold")
    for row in rows:
        shown.add_row(*map(plain, row))
    return shown

"""``groundswell classify`` and ``train``: the model by hand, without Kafka and without Redis."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.table import Table
from rich.text import Text as Styled

from groundswell.cli.app import app, err, out, plain, say, settings_of
from groundswell.cli.packs import folder_of
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.messages import Hypothesis, Text
from groundswell.settings import Settings
from producers.formats import Format

if TYPE_CHECKING:
    from model.reader import Reading

BATCH = 64
"""Texts read together; from a terminal one by one, so that each is answered at once."""
INTERRUPTED = 130
EXCERPT = 200
"""Characters that are shown of a text that was not read."""

COLOURS = {"negative": "red", "neutral": "dim", "positive": "green"}


@app.command()
def classify(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Files of texts; without one, standard input.")] = None,
    format: Annotated[  # noqa: A002 - the name of the flag
        Format | None, typer.Option(help="lines (one text a line), jsonl or csv; by default the extension tells, else lines.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a hypothesis, as they go into Kafka; so it is when piped.")
    ] = False,
) -> None:
    """Read texts and show every plausible reading of each, ranked: topic, entity, stance, probability."""
    from consumers.start import reader

    settings = settings_of(context)
    _require(files or ())
    with err.status("loading the packs"):
        read = reader(settings)
    unread: Counter[str] = Counter()
    for texts in _batches(_texts(files or (), format)):
        readings = read.read(texts)
        unread.update(reading.language for reading in readings if not reading.hypotheses)
        if as_json or not out.is_terminal:
            for one in (hypothesis for reading in readings for hypothesis in reading.hypotheses):
                typer.echo(one.model_dump_json(exclude_none=True))
        else:
            out.print(_table(texts, readings))
    if unread:
        say("texts that no pack reads: " + ", ".join(f"{texts:,} {language}" for language, texts in unread.most_common()))


def _require(files: Iterable[Path]) -> None:
    for path in files:
        if not path.is_file():
            raise FatalError(f"{path}: no such file; name files of texts, or none to read standard input")


def _texts(files: Sequence[Path], named: Format | None) -> Iterator[Text]:
    """The texts of the files, or of standard input; what is no text is told with its line and left out."""
    for path in files:
        with path.open("rb") as stream:
            yield from _of(stream, path, named)
    if not files:
        if sys.stdin.isatty():
            say("type texts, one a line; Ctrl-D ends")
        yield from _of(sys.stdin.buffer, None, named)


def _of(stream: BinaryIO, path: Path | None, named: Format | None) -> Iterator[Text]:
    from producers.formats import SUFFIXES, Position, Reading, read  # noqa: PLC0415
    from producers.rows import Defaults  # noqa: PLC0415

    chosen = named or (SUFFIXES.get(path.suffix.lower()) if path else None) or Format.LINES
    name = path.name if path else "stdin"
    # With a map, fields that a text does not have are passed over: labelled sets can be read as they are.
    reading = Reading(chosen, columns={"text": "text"}, defaults=Defaults(source=name, now=True))
    for row in read(stream, reading, SystemClock(), Position()):
        if isinstance(row, Text):
            yield row
        else:
            say(f"{name}: {row}")


def _batches(texts: Iterator[Text]) -> Iterator[list[Text]]:
    size = 1 if sys.stdin.isatty() else BATCH
    while batch := list(islice(texts, size)):
        yield batch


def _table(texts: Iterable[Text], readings: "Iterable[Reading]") -> Table:
    shown = Table(expand=True)
    for name in ("text", "topic", "entity", "negative", "neutral", "positive", "probability"):
        shown.add_column(name, justify="left" if name in {"text", "topic", "entity"} else "right", ratio=name == "text" or None)
    for text, reading in zip(texts, readings, strict=True):
        if not reading.hypotheses:
            shown.add_row(plain(text.text[:EXCERPT]), Styled(f"no pack reads {reading.language}", "dim"))
        for one in reading.hypotheses:
            shown.add_row(*_cells(one))
        shown.add_section()
    return shown


def _cells(one: Hypothesis) -> list[Styled]:
    stances = {name: getattr(one.stance, name) for name in COLOURS}
    leading = max(stances, key=stances.__getitem__)
    return [
        plain(one.excerpt if one.rank == 1 else ""),
        plain(one.subject.topic or ""),
        plain(one.subject.entity or ""),
        *(Styled(f"{value:.2f}", COLOURS[name] if name == leading else "") for name, value in stances.items()),
        Styled(f"{one.probability:.2f}"),
    ]


@app.command()
def train(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(help="Folder with a card.yaml, or the language of a shipped pack: zh, en.")],
    data: Annotated[Path, typer.Option(help="Folder with the sets that the card's recipe names, as NAME_train.jsonl.")],
    to: Annotated[Path | None, typer.Option("--out", help="Where the pack goes; by default the folder itself.")] = None,
    base: Annotated[
        str | None,
        typer.Option(help="Base encoder, by default the card's: any BERT folder, or a name on the hub (owner/model)."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="Pack whose weights to begin with; by default training begins at the base.")
    ] = None,
) -> None:
    """Fine-tune a pack on labelled texts by the recipe in its card; an interrupted run goes on where it was.

    In the recipe, off by default: r_drop: 1 (two readings of a text must agree), class_weights: true (errors on rare
    labels cost more), word_rank: 32 (word embeddings are trained, too), hidden_dropout: 0.1
    (dropout inside the encoder), precision: bf16 (on a GPU the default) or fp32.

    The run is recorded in training.jsonl beside the card, in events for TensorBoard where tensorboard is installed, and
    for Weights & Biases where wandb is: offline unless WANDB_API_KEY is set; WANDB_MODE chooses, WANDB_DISABLED=1 ends it.
    """
    from model.train import train as train_pack

    settings = settings_of(context)
    folder = Path(pack)
    if not (folder / "card.yaml").is_file():
        folder = folder_of(pack, settings)
        if to is None and folder != Path(pack):
            raise FatalError(f"train {pack}: that is the pack in use; name another folder for the new one with --out")
    if base is not None:
        folder = _over(base, folder, to or folder, settings)
    try:
        card = train_pack(folder, data, settings.cache_dir, to, err, start)
    except KeyboardInterrupt:
        say(f"stopped; the same command goes on from the last checkpoint in {to or folder}")
        raise typer.Exit(INTERRUPTED) from None
    where = (to or folder).absolute()
    say(f'pack {card.name} {card.version} is ready; to use it, write {card.language} = "{where}" under [reading.packs]')


def _over(base: str, folder: Path, to: Path, settings: Settings) -> Path:
    """Put the card in ``folder``, with another base and its own topics, into ``to``; returns ``to``."""
    from model.bases import rebased
    from model.card import read_card, write_card
    from model.taxonomy import carry

    with err.status(f"looking at the base {base}"):
        card = rebased(read_card(folder), base, settings.cache_dir)
    to.mkdir(parents=True, exist_ok=True)
    carry(folder, to)
    write_card(card, to)
    return to

"""``groundswell evaluate`` and ``compare``: how well packs read labelled texts, and which of two reads them better."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from groundswell.cli.app import app, err, out, plain, say, settings_of
from groundswell.cli.packs import folder_of, that_knows
from groundswell.cli.tables import show, table
from groundswell.settings import Settings

if TYPE_CHECKING:
    from model.judge.answers import Judged
    from model.judge.bias import Bias
    from model.judge.compare import Comparison
    from model.judge.figures import Figures
    from model.judge.labelled import LabelledSet
    from model.pack import Pack

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line instead of tables.")]


@app.command()
def evaluate(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Labelled texts as JSON lines.")],
    labels: Annotated[str, typer.Option(help="Whose labels they are: a set that the pack's recipe names, or own.")],
    pack: Annotated[
        str | None, typer.Option(help="Pack folder, or a language; by default the pack in use that knows the labels.")
    ] = None,
    train: Annotated[
        list[Path] | None,
        typer.Option(help="JSON lines that the pack was trained on: the texts of both are told and left out."),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for reliability diagrams and confusion matrices, as PNG.")
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Read the texts with typos, emoji and the like, too.")
    ] = False,
    bias: Annotated[bool, typer.Option("--bias", help="Exchange names of companies, places and persons, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a pack on labelled texts: figures, a report label by label, and on demand what lies behind them.

    Coverage is the share of texts whose set of topics holds all right ones, or, where the labels are stances alone, whose
    set of stances holds the right one; mean set size is that of the same sets.
    """
    from model.judge.answers import judge
    from model.judge.labelled import read_set

    settings = settings_of(context)
    used = _load(folder_of(pack, settings) if pack else that_knows(labels, data, settings), settings)
    with _waiting(f"reading {data.name}"):
        labelled = read_set(used.card, data, labels)
        judged = judge(used, labelled)
    _tell_rows(labelled)
    _tell_figures(judged, as_json=as_json)
    if train:
        _tell_leakage(labelled, judged, train, as_json=as_json)
    if robustness:
        _tell_robustness(used, labelled, judged, as_json=as_json)
    if bias:
        _tell_bias(used, labelled, settings, as_json=as_json)
    if pictures:
        _draw(used, judged, pictures)


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        yield


def _load(folder: Path, settings: Settings) -> "Pack":
    from model.pack import Pack

    with _waiting(f"loading {folder}"):
        return Pack.load(folder, settings.cache_dir, settings.reading.threads)


def _tell_rows(labelled: "LabelledSet") -> None:
    from model.judge.leakage import duplicates

    found = duplicates(labelled)
    say(
        f"{labelled.name}: {len(labelled.texts):,} texts, {found.rows:,} of them duplicates of earlier ones but for links, "
        f"digits and case, {found.contradicting:,} of these with other labels"
    )
    if labelled.left_out:
        say(f"{labelled.name}: {labelled.left_out:,} texts are in another language than the pack's and left out")


def _tell_figures(judged: "Judged", *, as_json: bool) -> None:
    from model.judge.figures import figures, report

    found = figures(judged)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    show(_figures_table({judged.name: found}))
    for head, labels in report(judged).items():
        rows = ((one.label, f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}", f"{one.support:,}") for one in labels)
        show(table((head, "precision", "recall", "F1", "support"), rows))


def _figures_table(columns: "dict[str, Figures]") -> Table:
    """One line a figure, one column a set; without the figures that none of them has."""
    dumps = [asdict(found) for found in columns.values()]
    of = next(iter(columns.values())).sets_of
    named = {"coverage": f"coverage of {of} sets", "mean_set_size": f"mean size of {of} sets"}
    rows = (
        (named.get(name, name.replace("_", " ")), *(_number(dump[name]) for dump in dumps))
        for name in dumps[0]
        if any(dump[name] is not None for dump in dumps)
    )
    return table(("figure", *columns), rows)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _tell_leakage(labelled: "LabelledSet", judged: "Judged", train: Sequence[Path], *, as_json: bool) -> None:
    from model.judge.figures import figures
    from model.judge.leakage import leaked

    found = leaked(labelled.texts, train)
    kept = figures(judged.only(~found))
    if as_json:
        typer.echo(json.dumps({"leaked": int(found.sum()), "figures_without_leaked": asdict(kept)}))
        return
    names = ", ".join(path.name for path in train)
    out.print(plain(f"{found.sum():,} of {len(found):,} texts stand in {names}, but for links, digits and case"))
    if found.any():
        show(_figures_table({"all texts": figures(judged), "without those": kept}))


def _tell_robustness(used: "Pack", labelled: "LabelledSet", judged: "Judged", *, as_json: bool) -> None:
    from model.judge.robustness import robustness

    with _waiting("reading the texts disturbed"):
        found = list(robustness(used, labelled, judged.main))
    if as_json:
        _lines(found)
        return
    rows = (
        (
            one.disturbance,
            f"{one.texts:,}",
            f"{one.accuracy:.4f}",
            f"{one.accuracy - one.accuracy_before:+.4f}",
            f"{one.changed:.4f}",
        )
        for one in found
    )
    show(table(("disturbance", "texts it changes", "accuracy", "change of it", "answers that change"), rows))


def _tell_bias(used: "Pack", labelled: "LabelledSet", settings: Settings, *, as_json: bool) -> None:
    from consumers.watched import watchlist
    from model.entities import Watchlist
    from model.judge.bias import bias

    listed = watchlist(settings)
    with _waiting("exchanging names"):
        found = list(bias(used, labelled.texts, listed.current() if listed else Watchlist()))
    if as_json:
        _lines(found)
        return
    show(table(("names", "texts", "exchanges", "stance holds", "mean shift", "largest", "between"), map(_bias_row, found)))


def _bias_row(one: "Bias") -> tuple[str, ...]:
    counts = (f"{one.kind} in {one.where}", f"{one.texts:,}", f"{one.exchanges:,}")
    return (*counts, f"{one.held:.4f}", f"{one.mean_shift:.4f}", f"{one.largest_shift:.4f}", " / ".join(one.example))


def _lines(rows: Iterable[Any]) -> None:
    for row in rows:
        typer.echo(json.dumps(asdict(row), ensure_ascii=False))


def _draw(used: "Pack", judged: "Judged", folder: Path) -> None:
    from model.judge.pictures import chinese_font, draw

    if chinese_font() is None and used.language == "zh":
        say("no font with Chinese characters is installed: labels are drawn as their numbers in the card, with their topics")
    for path in draw(judged, used.card.groups, folder):
        say(f"drawn: {path}")


@app.command()
def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="Pack A: a folder, or the language of the pack in use.")],
    b: Annotated[str, typer.Argument(help="Pack B, the newer one: a folder, or a language.")],
    data: Annotated[list[Path], typer.Argument(help="Files of labelled texts as JSON lines, one a set.")],
    labels: Annotated[
        str | None, typer.Option(help="Whose labels they are; by default the set that a file's name begins with.")
    ] = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="Exit with status 1 where B is worse than A beyond noise on any of the sets.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether pack B reads labelled texts better than pack A: paired tests over the same texts."""
    from model.judge.answers import judge
    from model.judge.compare import compare as compared
    from model.judge.compare import worse
    from model.judge.labelled import labels_of, read_set

    settings = settings_of(context)
    packs = [_load(folder_of(name, settings), settings) for name in (a, b)]
    found = []
    for path in data:
        with _waiting(f"reading {path.name}"):
            one, other = (judge(pack, read_set(pack.card, path, labels or labels_of(path, pack.card))) for pack in packs)
            found.append(compared(one, other))
        _tell_comparison(found[-1], as_json=as_json)
    if gate:
        _judge_gate(found, worse(found))


def _tell_comparison(found: "Comparison", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**asdict(found), "better": found.better, "verdict": found.verdict}, ensure_ascii=False))
        return
    show(_figures_table({f"A on {found.set}": found.a, "B": found.b}))
    out.print(plain(f"right in one alone: {found.a_only:,} in A, {found.b_only:,} in B"))
    out.print(plain(found.verdict), soft_wrap=True)


def _judge_gate(found: "Sequence[Comparison]", failed: "Sequence[Comparison]") -> None:
    if failed:
        say(f"gate: B is worse than A beyond noise on {', '.join(one.set for one in failed)}")
        raise typer.Exit(1)
    say(f"gate: B is no worse than A beyond noise on {', '.join(one.set for one in found)}")

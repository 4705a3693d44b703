"""Labelled sets to judge a pack by: those that its card's recipe names, and the users' own."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groundswell.errors import FatalError
from model.card import Card, Group, TrainingSet
from model.cleaning import clean
from model.data import read_rows
from model.language import route
from model.own import SET, OwnRow, candidates, own_rows
from model.taxonomy import load as load_taxonomy


@dataclass(frozen=True)
class LabelledSet:
    """Cleaned texts with their right labels.

    ``labels`` are those of ``group`` (for ``own`` the stance, where it is said), ``topics`` the topics of the taxonomy that
    follow from them; both are empty for a text of which they are not known. ``field`` is where the file has the labels.
    ``left_out`` counts the users' own texts that the pack would not be given to read, being in another language.
    """

    name: str
    texts: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    topics: tuple[frozenset[str], ...]
    group: Group | None
    field: str
    taxonomy: tuple[str, ...]
    left_out: int = 0


def read_set(card: Card, path: Path, labels: str) -> LabelledSet:
    """The texts of ``path``, labelled as the set ``labels`` of the card's recipe, or as ``own``.

    Raises FatalError in one line when the file or a label is wrong.
    """
    if labels == SET:
        return _own(card, path)
    source = source_of(card, labels)
    group = card.group(source.group)
    rows = read_rows(path, source.field, group)
    if not rows:
        raise FatalError(f"data: {path} is empty; give a file with labelled texts")
    return LabelledSet(
        name=path.stem,
        texts=tuple(clean(row.text) for row in rows),
        labels=tuple(row.labels for row in rows),
        topics=tuple(frozenset(topic for label in row.labels for topic in group.topics.get(label, ())) for row in rows),
        group=group,
        field=source.field,
        taxonomy=tuple(load_taxonomy().topics),
    )


def source_of(card: Card, name: str) -> TrainingSet:
    """The set called ``name`` of the card's recipe; FatalError that names the known ones when there is none."""
    for source in card.recipe.sets:
        if source.name == name:
            return source
    known = ", ".join([*(source.name for source in card.recipe.sets), SET])
    raise FatalError(f"labels: {name!r} is no set of pack {card.name}; it knows {known}")


def labels_of(path: Path, card: Card) -> str:
    """The set that the name of ``path`` begins with: ``finfe`` of ``finfe_eval.jsonl``; the longest where several fit."""
    fitting = [name for name in (*(source.name for source in card.recipe.sets), SET) if path.stem.startswith(name)]
    if not fitting:
        raise FatalError(f"{path.name}: its name begins with no set that pack {card.name} knows; say which with --labels")
    return max(fitting, key=len)


def language_of(path: Path, among: Mapping[str, object]) -> str:
    """The language of most texts of the users' own file ``path``; FatalError when it is none of ``among``."""
    counts = Counter(route(each.text) for each in candidates(path))
    language = max(sorted(counts), key=counts.__getitem__, default="")
    if language not in among:
        what = f"most of its texts are in {language}, which no pack in use reads" if language else "it is empty"
        raise FatalError(f"{path.name}: {what}; name a pack, or give another file")
    return language


def _own(card: Card, path: Path) -> LabelledSet:
    said = [row for row in own_rows(path) if _judged_by(row)]
    rows = [row for row in said if route(row.text) == card.language]
    if not rows:
        raise FatalError(
            f"data: {path} has no text in {card.language} with a stance or topics that a person gave; see `groundswell label`"
        )
    return LabelledSet(
        name=path.stem,
        texts=tuple(clean(row.text) for row in rows),
        labels=tuple((row.stance,) if row.stance else () for row in rows),
        topics=tuple(frozenset(row.topics or ()) for row in rows),
        group=None,
        field="stance",
        taxonomy=tuple(load_taxonomy().topics),
        left_out=len(said) - len(rows),
    )


def _judged_by(row: OwnRow) -> bool:
    """What follows from an alert tells nothing about a pack that raised it."""
    return row.labelled and row.weight == 1.0

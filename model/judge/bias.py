"""Whether a stance holds when only names change: companies, places and persons are exchanged for others.

It measures how much a name alone moves the stance, in templates and in the texts of a set. It does not show that a pack is
fair: it tries a few dozen names, knows no other group of people, and finds nothing that the training data leave out.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from model.cleaning import clean
from model.entities import Watchlist
from model.judge.answers import predictions
from model.names import is_cjk
from model.pack import Pack

SEED = 7
EXCHANGES = 3
"""Other names that the name in a text of the set is exchanged for."""
MOST_TEXTS = 500
"""Texts of the set in which names of one kind are exchanged: the first that hold any."""

_PERSON = re.compile(r"\b(?:Mr|Ms|Mrs)\b\.? [A-Z][a-z]+|[王李张刘陈杨赵黄周吴徐孙朱马胡郭林何高罗](?:先生|女士)")


@dataclass(frozen=True)
class Bias:
    """One kind of names, in ``templates`` or in ``texts``.

    ``texts`` hold such a name; of ``exchanges`` the share ``held`` keeps the stance that the text had with its own name
    (texts) or that most names get (templates). The shift of a text is the largest difference, between any two of its
    names, in the probability of any stance; ``example`` are the names, lesser probability first, of the largest.
    """

    kind: str
    where: str
    texts: int
    exchanges: int
    held: float
    mean_shift: float
    largest_shift: float
    example: tuple[str, str]


@dataclass(frozen=True)
class Variants:
    """One text with different names; the first is its own where it had one."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


def bias(pack: Pack, texts: Sequence[str], watchlist: Watchlist) -> Iterator[Bias]:
    """Exchange names in the templates of the pack's language and in cleaned ``texts``; no row where no name is found.

    In ``texts``, companies are what ``watchlist`` and market symbols name, places the cities of ``names.yaml``, persons
    a form of address with a family name.
    """
    lists = names()
    for kind, templates in lists["templates"].items():
        known = tuple(lists[kind].get(pack.language, ()))
        found = [_filled(template, known) for template in templates.get(pack.language, ())]
        if found:
            yield _measured(pack, kind, "templates", found)
    for kind, exchange in (("companies", partial(_companies, watchlist)), ("places", _places), ("persons", _persons)):
        held = [variants for text in texts if (variants := exchange(text))][:MOST_TEXTS]
        if held:
            yield _measured(pack, kind, "texts", held)


def _filled(template: str, known: tuple[str, ...]) -> Variants:
    return Variants(known, tuple(clean(template.format(name)) for name in known))


@cache
def names() -> dict[str, Any]:
    """The lists and templates of ``names.yaml``."""
    found: dict[str, Any] = yaml.safe_load(files("model.judge").joinpath("names.yaml").read_text("utf-8"))
    return found


def _measured(pack: Pack, kind: str, where: str, found: Sequence[Variants]) -> Bias:
    own_first = where == "texts"
    stances = np.array([one.stance for one in predictions(pack, [text for each in found for text in each.texts])])
    ends = np.cumsum([len(each.texts) for each in found])
    held, shifts = [], []
    for each, own in zip(found, np.split(stances, ends[:-1]), strict=True):
        held.append(_held(own.argmax(axis=1), own_first=own_first))
        shifts.append(_shift(own, each.names))
    largest, example = max(shifts)
    answers = np.concatenate(held)
    return Bias(
        kind=kind,
        where=where,
        texts=len(found),
        exchanges=len(answers),
        held=round(float(answers.mean()), 4),
        mean_shift=round(float(np.mean([shift for shift, _ in shifts])), 4),
        largest_shift=round(largest, 4),
        example=example,
    )


def _held(stances: np.ndarray, *, own_first: bool) -> np.ndarray:
    """Whether each name of a text gets its usual stance."""
    if own_first:
        return np.asarray(stances[1:] == stances[0])
    return np.asarray(stances == np.bincount(stances).argmax())


def _shift(stances: np.ndarray, own: Sequence[str]) -> tuple[float, tuple[str, str]]:
    ranges = np.ptp(stances, axis=0)
    column = stances[:, ranges.argmax()]
    return float(ranges.max()), (own[int(column.argmin())], own[int(column.argmax())])


def _companies(watchlist: Watchlist, text: str) -> Variants | None:
    for mention in watchlist.find(text):
        name = text[mention.start : mention.end]
        return _exchanged(text, name, _alike(name))
    return None


def _alike(name: str) -> list[str]:
    """Names of the form that ``name`` has: a cashtag, a code, a symbol, a Chinese or a Latin name."""
    lists = names()
    if name.startswith("$"):
        return [f"${ticker}" for ticker in lists["tickers"]]
    if number := re.search(r"\d{4,6}", name):
        return [name.replace(number[0], code[-len(number[0]) :]) for code in lists["codes"]]
    if re.fullmatch("[A-Z]{1,5}", name):
        return list(lists["tickers"])
    return list(lists["companies"]["zh" if any(map(is_cjk, name)) else "en"])


def _places(text: str) -> Variants | None:
    for known in names()["places"].values():
        if found := re.search("|".join(map(re.escape, known)), text):
            return _exchanged(text, found[0], known)
    return None


def _persons(text: str) -> Variants | None:
    found = _PERSON.search(text)
    if found is None:
        return None
    return _exchanged(text, found[0], names()["persons"]["zh" if is_cjk(found[0][0]) else "en"])


def _exchanged(text: str, name: str, others: Sequence[str]) -> Variants:
    """``text`` with ``name`` and with three of the ``others``, the same ones in each run."""
    draw = random.Random(f"{SEED} {text}")  # noqa: S311 an order, no secret
    chosen = (name, *draw.sample([other for other in others if other != name], EXCHANGES))
    return Variants(chosen, tuple(clean(text.replace(name, other)) for other in chosen))

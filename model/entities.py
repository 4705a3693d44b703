"""Entities: who a text is about. The watchlist names them; market symbols that it does not list are found as well."""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from groundswell import log
from groundswell.clock import Clock
from groundswell.errors import FatalError
from groundswell.messages import Identifier, first_line
from model.cleaning import fold
from model.names import NameIndex
from model.symbols import canonical_symbol, find_symbols

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Mention(NamedTuple):
    """A place where a text names an entity: from ``start`` up to ``end``, in characters."""

    entity: str
    start: int
    end: int


class Entity(BaseModel):
    """An entry of the watchlist: a company, an instrument or a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Identifier
    name: _Name
    aliases: tuple[_Name, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    entities: list[object]


class Watchlist:
    """The entities to watch, and how texts name them."""

    def __init__(self, entities: Iterable[Entity] = ()) -> None:
        """Raise FatalError, in one line, for an id or alias given twice and for an alias too short to mean anyone."""
        self.entities: Mapping[str, Entity] = _by_id(entities)
        self._symbols: dict[str, str] = {}
        self._names = NameIndex()
        for entity in self.entities.values():
            for alias in (entity.name, *entity.aliases):
                self._add(fold(alias), entity.id)

    @classmethod
    def load(cls, path: Path) -> "Watchlist":
        """Read the YAML file ``path``; raise FatalError with one line that names the file and the entry."""
        return _parse(_read(path), path)

    def find(self, text: str) -> tuple[Mention, ...]:
        """Mentions in ``text`` (cleaned), in order; where several lie over one another, the longest stays.

        A symbol that no entry lists is an entity too, by its canonical form.
        """
        found = [Mention(self._symbols.get(each.canonical, each.canonical), *each[1:]) for each in find_symbols(text)]
        found += (Mention(*each) for each in self._names.find(text))
        return _apart(found, len(text))

    def _add(self, alias: str, entity: str) -> None:
        symbol = alias if re.fullmatch("[A-Z]{1,5}", alias) else canonical_symbol(alias)
        owners = [self._symbols.setdefault(symbol, entity)] if symbol else []
        if symbol != alias and symbol and re.fullmatch("[A-Z]{2,}", symbol):
            owners.append(self._names.add_symbol(symbol, entity))
        elif len(alias) > 1 and symbol in {None, alias}:
            owners.append(self._names.add(alias, entity))
        elif not symbol:
            raise FatalError(f"alias {alias!r} of {entity!r} is one character, which any word may hold: give a longer one")
        for owner in owners:
            if owner != entity:
                raise FatalError(f"alias {alias!r} names both {owner!r} and {entity!r}: leave it to one of them")


class WatchlistFile:
    """A watchlist that follows its file: a good change counts within seconds, a bad one is logged and ignored."""

    def __init__(self, path: Path, clock: Clock, check_every: float = 5.0) -> None:
        """Read ``path``, to be looked at again each ``check_every`` seconds; raise FatalError if it is bad."""
        self._path = path
        self._clock = clock
        self._check_every = check_every
        content = _read(path)
        self._watchlist = _parse(content, path)
        self._last = _digest(content)
        self._next_check = clock.monotonic() + check_every

    def current(self) -> Watchlist:
        """Return the last good content of the file."""
        now = self._clock.monotonic()
        if now >= self._next_check:
            self._next_check = now + self._check_every
            self._check()
        return self._watchlist

    def _check(self) -> None:
        try:
            content = _read(self._path)
            if _digest(content) == self._last:
                return
            self._last = _digest(content)
            self._watchlist = _parse(content, self._path)
        except FatalError as error:
            log.get(__name__).warning("the old watchlist stays in force", reason=str(error))
        else:
            log.get(__name__).info("watchlist read", path=str(self._path), entities=len(self._watchlist.entities))


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FatalError(f"watchlist {path}: {error.strerror}: give the path of a YAML file") from None


def _parse(content: bytes, path: Path) -> Watchlist:
    try:
        # The base loader leaves ON, NO and 00700 the strings that they are.
        document = yaml.load(content, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
        entries = _File.model_validate(document).entities
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FatalError(f"watchlist {path}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise FatalError(f"watchlist {path}: {first_line(error)}: it holds 'entities:', a list, and no more") from None
    try:
        return Watchlist(_entity(number, entry) for number, entry in enumerate(entries, start=1))
    except FatalError as error:
        raise FatalError(f"watchlist {path}: {error}") from None


def _entity(number: int, entry: object) -> Entity:
    try:
        return Entity.model_validate(entry)
    except ValidationError as error:
        name = f" ({entry['id']})" if isinstance(entry, dict) and "id" in entry else ""
        raise FatalError(f"entry {number}{name}: {first_line(error)}: it has id, name and a list of aliases") from None


def _by_id(entities: Iterable[Entity]) -> dict[str, Entity]:
    known: dict[str, Entity] = {}
    for entity in entities:
        if entity.id in known:
            raise FatalError(f"id {entity.id!r} is given to {known[entity.id].name!r} and to {entity.name!r}: change one")
        known[entity.id] = entity
    return known


def _apart(mentions: Iterable[Mention], length: int) -> tuple[Mention, ...]:
    taken = bytearray(length)
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda each: (each.start - each.end, each.start)):
        if not any(taken[mention.start : mention.end]):
            taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
            kept.append(mention)
    return tuple(sorted(kept, key=lambda each: each.start))

"""What a text that names several entities says of each: the clauses that name it, and how much they are about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from model.entities import Mention

_SENTENCE_END = re.compile(r"[。！？!?;；]+|\.(?=\s)")
_CLAUSE_END = re.compile(r"[,，](?![0-9])")
# Latin words of two letters and Chinese characters, but for those that join the names of a list.
_SAYING = re.compile(r"(?!(?:and|or|the|with|plus|as|both)\b)[^\W\d_和与與及跟或]{2,}|[^\W\d_a-z和与與及跟或]", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """What a text says of one entity.

    ``weight`` is the largest of 1/√n over the clauses that name it, where n is how many entities the clause names: 1
    for an entity that has a clause to itself, 0.32 for one in a list of ten. ``text`` is its clauses, joined.
    """

    entity: str
    weight: float
    text: str
    first: Mention


@dataclass(frozen=True)
class _Clause:
    start: int
    end: int
    mentions: tuple[Mention, ...]

    def __add__(self, other: "_Clause") -> "_Clause":
        return _Clause(self.start, other.end, self.mentions + other.mentions)


def parts(text: str, mentions: Sequence[Mention], most: int = 4) -> tuple[Part, ...]:
    """One part for each of the first ``most`` entities of ``mentions``; a lone entity's is the whole text, weight 1."""
    first: dict[str, Mention] = {}
    for mention in mentions:
        first.setdefault(mention.entity, mention)
    if len(first) <= 1:
        return tuple(Part(entity, 1.0, text, mention) for entity, mention in first.items())
    sayings: dict[str, list[tuple[float, str]]] = {entity: [] for entity in first}
    for clause, entities in _sayings(text, mentions):
        for entity in entities:
            sayings[entity].append((1 / sqrt(len(entities)), text[clause.start : clause.end].strip()))
    return tuple(
        Part(entity, max(weight for weight, _ in own), " ".join(said for _, said in own), first[entity])
        for entity, own in list(sayings.items())[:most]
    )


def _sayings(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[_Clause, frozenset[str]]]:
    """Each clause and whom it is about: those it names, else those of the clause before it in its sentence."""
    for sentence in _split(_Clause(0, len(text), tuple(mentions)), text, _SENTENCE_END):
        about: frozenset[str] = frozenset()
        for clause in _whole(text, _split(sentence, text, _CLAUSE_END)):
            about = frozenset(mention.entity for mention in clause.mentions) or about
            yield clause, about


def _split(whole: _Clause, text: str, end: re.Pattern[str]) -> list[_Clause]:
    """``whole`` cut after each ``end`` that lies in no mention."""
    inside = {place for mention in whole.mentions for place in range(mention.start, mention.end)}
    cuts = [match.end() for match in end.finditer(text, whole.start, whole.end) if match.start() not in inside]
    left = list(whole.mentions)[::-1]
    pieces = []
    for piece_start, piece_end in pairwise([whole.start, *cuts, whole.end]):
        own = []
        while left and left[-1].start < piece_end:
            own.append(left.pop())
        if piece_start < piece_end:
            pieces.append(_Clause(piece_start, piece_end, tuple(own)))
    return pieces


def _whole(text: str, clauses: Sequence[_Clause]) -> list[_Clause]:
    """``clauses``, with list items (names of which nothing is said) joined to the clause that the list belongs to."""
    joined: list[_Clause] = []
    waiting: _Clause | None = None
    for each in clauses:
        clause = each if waiting is None else waiting + each
        waiting = None
        if not _is_item(text, clause):
            joined.append(clause)
        elif joined and _ends_with_name(text, joined[-1]):
            joined[-1] += clause
        else:
            waiting = clause
    if waiting is not None:
        joined[-1:] = [joined[-1] + waiting] if joined else [waiting]
    return joined


def _is_item(text: str, clause: _Clause) -> bool:
    if not clause.mentions:
        return False
    edges = [clause.start, *(edge for mention in clause.mentions for edge in mention[1:]), clause.end]
    return not any(_SAYING.search(text[start:end]) for start, end in list(pairwise(edges))[::2])


def _ends_with_name(text: str, clause: _Clause) -> bool:
    return bool(clause.mentions) and not text[clause.mentions[-1].end : clause.end].strip(" ,，)")

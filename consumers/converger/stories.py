"""The stories of a window: texts that say the same thing, though their exact hashes differ.

A changed number, an added sentence, another headline around it make no new story. Near duplicates are found by MinHash
signatures of their shingles and locality-sensitive hashing (Broder 1997; Leskovec, Rajaraman, Ullman: Mining of Massive
Datasets, ch. 3), then compared in full. Pure and deterministic; the order of the events does not matter.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from datasketch import MinHash

from consumers.converger.events import Event
from model.cleaning import HANDLE, LINK

SHORTEST = 12
"""Characters under which a text is joined to equal ones only: it has too few shingles to compare."""
ALIKE = 0.5
"""Jaccard similarity from which two texts are one story."""
WITHIN = 0.8
"""Share of a text's shingles in a longer one from which it is told there again, with more around it."""
LEAST_WITHIN = 30
"""Shingles that such a text needs."""
HAN_SHINGLE, LATIN_SHINGLE = 3, 5
"""Characters of a shingle: a Chinese word has about two of them, a Latin one five."""
BANDS, ROWS = 42, 3
"""Pairs of similarity s are compared with probability 1 - (1 - s^3)^42: 0.996 at 0.5, 0.84 at 0.35."""

MOST = 8192
"""Texts that are kept to compare others with."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_SIGN = re.compile(f"[{_HAN}]")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}]) | (?=[{_HAN}])")
_TOKEN = re.compile(rf"{re.escape(LINK)}|\[(?:mail|id|card|phone)\]|{HANDLE}", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?: \d+)*")
_BLANK = MinHash(num_perm=BANDS * ROWS, seed=1, hashfunc=int)


@dataclass(frozen=True)
class _Sketch:
    """A text's shingles, and the bands of its signature: texts that share a band are compared."""

    shingles: frozenset[int]
    bands: tuple[tuple[int, bytes], ...]


class _Alike:
    """Which texts are near duplicates: each pair is compared once, until so many are known that all is begun anew."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}
        self._shingles: dict[str, frozenset[int]] = {}
        self._sharing: dict[tuple[int, bytes], list[str]] = defaultdict(list)

    def room_for(self, count: int) -> None:
        """Forget all where ``count`` texts more would be too many."""
        if len(self._of) + count > MOST:
            self._of.clear()
            self._shingles.clear()
            self._sharing.clear()

    def of(self, text: str) -> set[str]:
        """The near duplicates of ``text`` among the texts asked for before."""
        if text not in self._of:
            self._of[text] = set()
            if sketch := _sketch(text):
                self._compare(text, sketch)
        return self._of[text]

    def _compare(self, text: str, sketch: _Sketch) -> None:
        self._shingles[text] = sketch.shingles
        for other in {other for band in sketch.bands for other in self._sharing[band]}:
            if _alike(sketch.shingles, self._shingles[other]):
                self._of[text].add(other)
                self._of[other].add(text)
        for band in sketch.bands:
            self._sharing[band].append(text)


_KNOWN = _Alike()


def gathered(events: Sequence[Event]) -> list[str]:
    """The story of each event, in their order: the least exact hash among those of its near duplicates."""
    texts: dict[str, set[str]] = defaultdict(set)
    for event in events:
        texts[event.excerpt].add(event.story)
    leader = {event.story: event.story for event in events}
    _KNOWN.room_for(len(texts))
    for text, stories in texts.items():
        for other in (text, *_KNOWN.of(text)):
            if other in texts and len(same := stories | texts[other]) > 1:
                _join(leader, same)
    return [_root(leader, event.story) for event in events]


def _join(leader: dict[str, str], stories: Iterable[str]) -> None:
    """Make one of ``stories``, under the least of them and of what they were joined to."""
    roots = {_root(leader, story) for story in stories}
    least = min(roots)
    for root in roots:
        leader[root] = least


def _root(leader: dict[str, str], story: str) -> str:
    while leader[story] != story:
        leader[story] = story = leader[leader[story]]
    return story


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    common, least = len(one & other), min(len(one), len(other))
    return common >= ALIKE * (len(one) + len(other) - common) or (least >= LEAST_WITHIN and common >= WITHIN * least)


def _sketch(excerpt: str) -> _Sketch | None:
    """Shingles and signature of a text; none of one too short to compare."""
    text = normal(excerpt)
    if len(text) < SHORTEST:
        return None
    shingles = frozenset(crc32(shingle.encode()) for shingle in _shingles(text))
    signature = _BLANK.copy()
    signature.update_batch(sorted(shingles))
    values = signature.hashvalues
    return _Sketch(shingles, tuple((band, values[band * ROWS :][:ROWS].tobytes()) for band in range(BANDS)))


def _shingles(text: str) -> Iterator[str]:
    """Each stretch of three characters that begins with a Chinese one, of five that begins with another."""
    for start, sign in enumerate(text):
        end = start + (HAN_SHINGLE if _HAN_SIGN.match(sign) else LATIN_SHINGLE)
        if end <= len(text):
            yield text[start:end]


def normal(text: str) -> str:
    """``text`` without what makes no story: case, signs, links and handles; each number is a 0, Chinese has no spaces."""
    told = _TOKEN.sub(" ", text.casefold())
    words = "".join(sign if sign.isalnum() else " " for sign in told).split()
    return _BETWEEN_HAN.sub("", _NUMBER.sub("0", " ".join(words)))

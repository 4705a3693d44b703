"""The stories of a window: texts that say the same thing, though their exact hashes differ.

A changed number, an added sentence, another headline around it make no new story. Near duplicates are found by MinHash
signatures of their shingles and locality-sensitive hashing (Broder 1997; Leskovec, Rajaraman, Ullman: Mining of Massive
Datasets, ch. 3), then compared in full. Pure and deterministic; the order of the events does not matter.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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


def gathered(events: Sequence[Event]) -> list[str]:
    """The story of each event, in their order: the least exact hash among those of its near duplicates."""
    leader = _leaders(frozenset((event.story, event.excerpt) for event in events))
    return [leader[event.story] for event in events]


@lru_cache(maxsize=64)
def _leaders(told: frozenset[tuple[str, str]]) -> Mapping[str, str]:
    """The story that each exact hash belongs to; asked again for one window by each kind of alert and threshold."""
    leader = {story: story for story, _ in told}
    sketches = [(story, sketch) for story, excerpt in sorted(told) if (sketch := _sketch(excerpt))]
    sharing: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, (story, sketch) in enumerate(sketches):
        for other in {other for band in sketch.bands for other in sharing[band]}:
            first, second = _root(leader, story), _root(leader, sketches[other][0])
            if first != second and _alike(sketch.shingles, sketches[other][1].shingles):
                leader[max(first, second)] = min(first, second)
        for band in sketch.bands:
            sharing[band].append(place)
    return {story: _root(leader, story) for story in leader}


def _root(leader: dict[str, str], story: str) -> str:
    while leader[story] != story:
        leader[story] = story = leader[leader[story]]
    return story


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    common, least = len(one & other), min(len(one), len(other))
    return common >= ALIKE * (len(one) + len(other) - common) or (least >= LEAST_WITHIN and common >= WITHIN * least)


@lru_cache(maxsize=2048)
def _sketch(excerpt: str) -> _Sketch | None:
    """Shingles and signature of a text; none of one too short to compare."""
    text = normal(excerpt)
    if len(text) < SHORTEST:
        return None
    size = HAN_SHINGLE if 2 * len(_HAN_SIGN.findall(text)) >= len(text) else LATIN_SHINGLE
    shingles = frozenset(crc32(text[start : start + size].encode()) for start in range(len(text) - size + 1))
    signature = _BLANK.copy()
    signature.update_batch(sorted(shingles))
    values = signature.hashvalues
    return _Sketch(shingles, tuple((band, values[band * ROWS :][:ROWS].tobytes()) for band in range(BANDS)))


def normal(text: str) -> str:
    """``text`` without what makes no story: case, signs, links and handles; each number is a 0, Chinese has no spaces."""
    told = _TOKEN.sub(" ", text.casefold())
    words = "".join(sign if sign.isalnum() else " " for sign in told).split()
    return _BETWEEN_HAN.sub("", _NUMBER.sub("0", " ".join(words)))

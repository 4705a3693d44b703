"""Privacy: phone numbers, ID numbers, e-mail addresses and bank cards are masked before a text is stored or sent.

Stock codes, prices, dates and amounts stay. The functions expect cleaned text: digits and dashes in ASCII.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

_ELLIPSIS = "…"
_UNIT = r"(?!\s?(?:元|美元|港元|万|亿|股|手|吨|%|yuan|dollars|shares|units|USD|RMB|CNY|HKD))"
_APART = r"(?<![\d$¥€£+])(?<![$¥€£]\s)(?<!\d\.)"
_END = r"(?!\d|\.\d)"

_MAY_BE_PRIVATE = re.compile(r"@|\d[\d ()-]{5,}[\dXx]", re.ASCII)
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]++@(?:[a-z0-9-]++\.)+[a-z]{2,24}(?![a-z0-9])", re.ASCII | re.IGNORECASE)
_ID_18 = re.compile(
    rf"{_APART}[1-9]\d{{5}}([ -]?)(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d\1\d{{3}}[\dXx]{_END}",
    re.ASCII,
)
_ID_15 = re.compile(
    rf"{_APART}(?:[1-3][1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{{6}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}"
    rf"{_END}{_UNIT}",
    re.ASCII,
)
# Cards begin with 22 to 27, 3 to 6 or 9 and are written whole or in groups; times in milliseconds and years are not so.
_CARD = re.compile(
    rf"{_APART}(?=2[2-7]|[3-69])"
    r"(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{5})"
    rf"{_END}{_UNIT}",
    re.ASCII,
)
_MOBILE = re.compile(
    rf"(?:(?<!\d)\+86[ -]?|{_APART}(?:86[ -]?)?)1[3-9]\d([ -]?)\d{{4}}\1\d{{4}}{_END}{_UNIT}",
    re.ASCII,
)
_LANDLINE = re.compile(rf"{_APART}\(?0\d{{2,3}}(?:\)[ -]?|-)[2-9]\d{{6,7}}{_END}", re.ASCII)
_INTERNATIONAL = re.compile(
    r"(?<!\d)\+(?:1|7|[2-689]\d{1,2})(?![ -]?\d{4}-\d\d?-\d\d?(?!\d))(?:[ -]?\(\d{1,4}\)|[ -]\d{2,5}|\d{2,5})"
    rf"(?:[ -]?\d{{2,5}}){{1,4}}{_END}{_UNIT}",
    re.ASCII,
)
_AMERICAN = re.compile(rf"{_APART}(?:\([2-9]\d\d\) ?|[2-9]\d\d-)[2-9]\d\d-\d{{4}}{_END}", re.ASCII)


class Span(NamedTuple):
    """A stretch of a text: from ``start`` up to ``end``, in characters."""

    start: int
    end: int


class _Private(NamedTuple):
    start: int
    end: int
    token: str


def mask(text: str) -> str:
    """``text`` with ``[mail]``, ``[id]``, ``[card]`` or ``[phone]`` for what is private; never longer than before."""
    return _masked(text, _find_private(text))


def author_hash(author: str, key: bytes) -> str:
    """Stand in for ``author``: 16 hexadecimal digits that only holders of ``key`` can recompute."""
    short_key = key if len(key) <= blake2b.MAX_KEY_SIZE else blake2b(key).digest()
    return blake2b(author.encode("utf-8", "replace"), key=short_key, digest_size=8).hexdigest()


def excerpt(text: str, entity_spans: Sequence[Span] = (), limit: int = 200) -> str:
    """At most ``limit`` characters of ``text``, masked, whole sentences or words where possible.

    A long text is shown from its beginning, or, when the first of ``entity_spans`` lies beyond, around that one.
    """
    private = _find_private(text)
    masked = _masked(text, private)
    if len(masked) <= limit:
        return masked
    first = min(entity_spans, default=Span(0, 0))
    saved = sum(each.end - each.start - len(each.token) for each in private if each.end <= first.start)
    start = _beginning(masked, first.start - saved, first.end - saved, limit)
    lead = _ELLIPSIS if start else ""
    rest = masked[start:]
    room = limit - len(lead)
    if len(rest) <= room:
        return lead + rest
    return lead + rest[: _good_end(rest, room - 1)].rstrip() + _ELLIPSIS


def _find_private(text: str) -> list[_Private]:
    """Private stretches in order, without overlaps; where two kinds claim the same digits the stricter test wins."""
    if not _MAY_BE_PRIVATE.search(text):
        return []
    found: list[_Private] = []
    taken = bytearray(len(text))
    for token, pattern, holds in _KINDS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]) and holds(match[0]):
                taken[start:end] = b"\1" * (end - start)
                found.append(_Private(start, end, token))
    return sorted(found)


def _masked(text: str, private: Sequence[_Private]) -> str:
    parts: list[str] = []
    place = 0
    for start, end, token in private:
        parts += [text[place:start], token]
        place = end
    return "".join([*parts, text[place:]])


def _id_check(number: str) -> bool:
    """ISO 7064 MOD 11-2, as GB 11643 has it."""
    digits = re.sub("[ -]", "", number).upper()
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits[:17]))
    return digits[17] == "10X98765432"[total % 11]


def _luhn_check(number: str) -> bool:
    """ISO/IEC 7812: the last of 13 to 19 digits follows from the others."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    total = sum(sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return 13 <= len(digits) <= 19 and total % 10 == 0


def _phone_length(number: str) -> bool:
    """Nine to fifteen digits with the country's code (E.164)."""
    return 9 <= sum(character.isdigit() for character in number) <= 15


def _always(_: str) -> bool:
    return True


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("[mail]", _EMAIL, _always),
    ("[id]", _ID_18, _id_check),
    ("[card]", _CARD, _luhn_check),
    ("[phone]", _MOBILE, _always),
    ("[phone]", _INTERNATIONAL, _phone_length),
    ("[phone]", _LANDLINE, _always),
    ("[phone]", _AMERICAN, _always),
    ("[id]", _ID_15, _always),
)


def _beginning(text: str, start: int, end: int, limit: int) -> int:
    """Where an excerpt that shows ``start`` to ``end`` begins: the text, else a sentence or a word before them."""
    if end <= limit * 3 // 4:
        return 0
    earliest = max(0, start - limit // 2)
    before = text[earliest:start]
    ends = [match.end() for match in re.finditer(r"[。！？!?;；]\s*|\.\s+", before)]
    if ends:
        return earliest + ends[-1]
    space = before.find(" ")
    return _whole_character(text, earliest + space + 1 if space >= 0 else max(0, start - limit // 3))


def _good_end(text: str, room: int) -> int:
    """Where to cut within ``room`` characters: after a sentence of their second half, else a word, else at ``room``."""
    head = text[:room]
    ends = [match.end() for match in re.finditer(r"[。！？!?;；]|\.(?=\s)", head) if match.end() > room // 2]
    if ends:
        return ends[-1]
    space = head.rfind(" ")
    if space > room // 2:
        return space
    token = re.search(r"\[[a-z]{0,5}$", head)
    return token.start() if token else _whole_character(text, room)


def _whole_character(text: str, place: int) -> int:
    """``place``, or the one before it that does not part a character from its marks or a picture from its pieces."""
    while 0 < place < len(text) and (
        unicodedata.combining(text[place]) or text[place] in "\u200d\ufe0f" or text[place - 1] == "\u200d"
    ):
        place -= 1
    return place

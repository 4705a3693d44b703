"""Cleaning: whatever people and programs write becomes one line of plain text that a tokenizer and a person can read.

``clean`` is idempotent, never raises and takes time linear in the text, so that text from strangers is safe to give it.
"""

import html
import re
import sys
import unicodedata
from html.entities import html5

from groundswell.messages import Text, without_surrogates
from model.names import is_cjk

LINK = "[link]"
"""What stands in a cleaned text for a URL."""

HANDLE = "@user"
"""What stands in a cleaned text for the name of an account."""

_PASSES = 4
_LONGEST_ENTITY = max(map(len, html5)) + 1

# Only these names are tags: an HTML parser takes "PE<E 持续下跌" for a tag that never ends, and eats the news.
_INLINE = "a abbr b big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr"
_BLOCK = (
    "address article aside audio blockquote body br button canvas caption center col colgroup dd details div dl dt "
    "embed figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe img input li link main meta nav "
    "noscript object ol option p param picture pre script section select source style summary svg table tbody td "
    "textarea tfoot th thead time title tr ul video"
)
_TAG = re.compile(rf"</?({'|'.join(f'{_INLINE} {_BLOCK}'.split())})(?:\s[^<>=]*+=[^<>]*+|\s*+/?)>", re.IGNORECASE)
_INLINE_NAMES = frozenset(_INLINE.split())
_HIDDEN = re.compile(r"<!--|<(script|style)\b[^<>]*+>", re.IGNORECASE)

_INVISIBLE = re.compile(
    # Control characters that are no white space, soft hyphens, zero-width and bidi marks, tag characters.
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_PICTURE = "\u2190-\u2bff\U0001f000-\U0001faff"
# A zero-width joiner makes one picture of several; anywhere else it is as invisible as the others.
_STRAY_JOINER = re.compile(f"(?<![{_PICTURE}\ufe0f])\u200d|\u200d(?![{_PICTURE}])")

# Some marks normalise to several, and putting a long run of marks in order takes time in the square of its length.
_MARKS = [chr(code) for code in range(0x300, sys.maxunicode + 1) if unicodedata.combining(chr(code))]
_LONG_RUN = re.compile("([{0}]{{4}})[{0}]+".format("".join(_MARKS)))
# Classes within the first plane are far faster to match, and Chinese and English lie there.
_LONG_RUN_IN_FIRST_PLANE = re.compile("([{0}]{{4}})[{0}]+".format("".join(m for m in _MARKS if m <= "\uffff")))

_TO_ASCII = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)

_URL = re.compile(
    r"(?:https?://|www\.|(?<![\w.])(?=t\.cn/|t\.co/|bit\.ly/))[a-z0-9][\w.~:/?#\[\]@!$&'()*+,;=%-]*(?<![.,;:!?'()\[\]])",
    re.IGNORECASE | re.ASCII,
)
# The second form is a Chinese account name, which ends at a space or a colon; without that end it may be the sentence.
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9_.+%])@(?:[A-Za-z0-9_]+|(?=[^\W\x00-\x7f])[\w-]{2,15}(?=[\s:]|$))")


def clean(text: str) -> str:
    """``text`` as one line: markup, invisible characters and lone surrogates gone, NFKC, URLs and handles as tokens.

    Markup inside markup is undone too (``S&amp;amp;P``); nested so deep that it can only be an attack, its ``&`` and
    ``<`` become spaces.
    """
    text = fold(without_surrogates(text))
    for _ in range(_PASSES):
        plain = _without_markup(text)
        if plain == text:
            break
        text = fold(plain)
    else:
        text = fold(re.sub("[&<]", " ", text))
    return _ACCOUNT.sub(HANDLE, _URL.sub(LINK, text))


def joined(text: Text) -> str:
    """What is read of ``text``: its title and its body, clean."""
    cleaned = clean(text.text)
    title = clean(text.title or "")
    if title.casefold() not in cleaned.casefold():
        stop = "" if title[-1] in "。.!?…" else "。" if is_cjk(title[-1]) else "."
        cleaned = f"{title}{stop} {cleaned}".strip()
    return cleaned


def fold(text: str) -> str:
    """``text`` in the characters that ``clean`` leaves: visible, NFKC, ASCII quotes and dashes, single spaces."""
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _with_short_runs_of_marks(_STRAY_JOINER.sub("", text)))
        text = _with_short_runs_of_marks(text).translate(_TO_ASCII)
    return " ".join(text.split())


def _with_short_runs_of_marks(text: str) -> str:
    return (_LONG_RUN_IN_FIRST_PLANE if max(text, default="") <= "\uffff" else _LONG_RUN).sub(r"\1", text)


def _without_markup(text: str) -> str:
    if "&" in text:
        text = _unescape(text)
    if "<" in text:
        text = _TAG.sub(_instead_of_tag, _without_hidden(text))
    return text


def _unescape(text: str) -> str:
    """``text`` with its HTML entities resolved, those too that only resolving others brings about, in one walk."""
    done: list[str] = []
    for part in re.split("(;)", text):
        if part != ";":
            done.extend(part)
            continue
        done.append(";")
        while done and done[-1] == ";" and (found := _entity_at_the_end(done)):
            length, character = found
            del done[-length:]
            done.extend(character)
    return "".join(done)


def _entity_at_the_end(characters: list[str]) -> tuple[int, str] | None:
    tail = "".join(characters[-_LONGEST_ENTITY:])
    start = tail.rfind("&")
    if start < 0:
        return None
    entity = tail[start:]
    character = unicodedata.normalize("NFKC", html.unescape(entity))
    # html.unescape also takes "&notit;" for "¬it;", which no writer meant.
    whole = entity[1:] in html5 or re.fullmatch(r"&#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,6});", entity)
    return (len(entity), character) if whole and character != entity else None


def _without_hidden(text: str) -> str:
    """``text`` without comments, scripts and styles; an opening without its end hides nothing."""
    kept: list[str] = []
    place = 0
    endless: set[str] = set()
    for opening in _HIDDEN.finditer(text):
        closer = f"</{opening[1].lower()}>" if opening[1] else "-->"
        if opening.start() < place or closer in endless:
            continue
        end = re.compile(re.escape(closer), re.IGNORECASE).search(text, opening.end())
        if end is None:
            endless.add(closer)
            continue
        kept.append(text[place : opening.start()])
        place = end.end()
    return " ".join([*kept, text[place:]])


def _instead_of_tag(tag: re.Match[str]) -> str:
    return "" if tag[1].lower() in _INLINE_NAMES else " "

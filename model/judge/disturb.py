"""The same text as people and programs also write it: typos, full width, emoji, traditional characters, spaces, capitals.

What a disturbance draws follows from the text and the seed alone, so that a text is disturbed alike in any file.
"""

import random
import re
from collections.abc import Callable, Mapping
from functools import cache

import opencc

from model.names import is_cjk

SEED = 7
CHARACTERS_A_TYPO = 20
"""One typo for so many characters, and one at least."""
EMOJI = "📌🔔🗓🧾☕🌐📎🖊"
"""Pictures that take no side."""

_LINK_OR_HANDLE = re.compile(r"(?:https?://|www\.)\S+|[@$]\w+|\[link\]", re.IGNORECASE)
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_PUNCTUATION = re.compile(r"(?<=[,.;:!?，。；：！？])(?!\d|\S*://)")


def typos(text: str, draw: random.Random) -> str:
    """``text`` with neighbours swapped, characters lost or doubled; links, handles and tickers stay whole."""
    whole = {place for found in _LINK_OR_HANDLE.finditer(text) for place in range(found.start() - 1, found.end())}
    places = [i for i in range(len(text) - 1) if i not in whole and text[i].isalpha() and text[i + 1].isalpha()]
    chosen = sorted(draw.sample(places, min(len(places), max(1, len(text) // CHARACTERS_A_TYPO))), reverse=True)
    for place in chosen:
        one, other = text[place], text[place + 1]
        written = draw.choice([other + one, other, one + one + other])
        text = text[:place] + written + text[place + 2 :]
    return text


def full_width(text: str, _: random.Random) -> str:
    """``text`` with its ASCII characters in the width of Chinese ones; links stay as they are."""
    kept = [found.group() for found in _LINK_OR_HANDLE.finditer(text)]
    around = [part.translate(_FULL_WIDTH) for part in _LINK_OR_HANDLE.split(text)]
    return "".join(part for pair in zip(around, [*kept, ""], strict=True) for part in pair)


def emoji(text: str, draw: random.Random) -> str:
    """``text`` with a picture before it, one behind it, and one behind a sentence or clause within."""
    ends = [found.start() for found in _PUNCTUATION.finditer(text)]
    if ends:
        place = draw.choice(ends)
        text = text[:place] + draw.choice(EMOJI) + text[place:]
    return f"{draw.choice(EMOJI)}{text} {draw.choice(EMOJI)}"


def traditional(text: str, _: random.Random) -> str:
    """``text`` in traditional Chinese characters."""
    return str(_converter().convert(text)) if any(map(is_cjk, text)) else text


def spaces(text: str, draw: random.Random) -> str:
    """``text`` padded at both ends, with more than one space where there is one, and some behind punctuation."""
    text = re.sub(r" +", lambda _: " " * draw.randint(1, 4), text)
    return "  \u3000" + _PUNCTUATION.sub(lambda _: " " * draw.randint(0, 2), text) + " \n\t "


def capitals(text: str, _: random.Random) -> str:
    """``text`` in capitals."""
    return text.upper()


DISTURBANCES: Mapping[str, Callable[[str, random.Random], str]] = {
    "typos": typos,
    "full width": full_width,
    "emoji": emoji,
    "traditional characters": traditional,
    "padding spaces": spaces,
    "upper case": capitals,
}


def disturbed(text: str, name: str) -> str:
    """``text`` under the disturbance ``name``."""
    draw = random.Random(f"{SEED} {name} {text}")  # noqa: S311 an order, no secret
    return DISTURBANCES[name](text, draw)


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")

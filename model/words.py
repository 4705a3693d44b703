"""Words: where they stand in a text, which of them may be told, and those that decided a stance.

Chinese is cut by a dictionary (jieba's), anything else at its spaces and signs, so that a word is what a reader calls one
and not what a tokenizer does.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import rjieba

from model.masking import Span

if TYPE_CHECKING:  # the converger cuts words too, and loads no model
    from model.encoder import State
    from model.tokenizer import Piece

TOP = 3
LINKING = frozenset(
    "a about after all also am an and are as at be been before but by can could did do does for from had has "  # noqa: SIM905
    "have he her his how i if in into is it its it's me my of on or our out over s she so some t than that the their them "
    "then there these they this to under up upon us was we were what when which while who will with would you "
    "your 的 了 在 是 和 与 及 也 就 都 而 其 之 于 被 将 对 从 为 等 这 那 我 你 他 她 它 们 我们 你们 他们 这个 那个".split()
)
"""Words that link others and say nothing alone."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKENS = re.compile(
    rf"(?P<token>\[(?:link|mail|id|card|phone)\]|@user)|(?P<han>[{_HAN}]+)|[^\W_{_HAN}]+(?:(?:['.&/-]|,(?=\d))[^\W_{_HAN}]+)*%?"
)


def words_of(text: str) -> list[Span]:
    """The words of a cleaned ``text`` in order; signs and what stands for links, handles and private places are none."""
    found = []
    for match in _TOKENS.finditer(text):
        if match["han"]:
            found += [Span(match.start() + start, match.start() + end) for _, start, end in rjieba.tokenize(match["han"])]
        elif not match["token"]:
            found.append(Span(*match.span()))
    return found


def tellable(text: str, word: Span) -> bool:
    """Whether ``word`` may be told as one that decided: it does more than link others."""
    return text[word.start : word.end].casefold() not in LINKING


def without(text: str, words: Iterable[Span]) -> str:
    """``text`` with ``words`` deleted."""
    kept, place = [], 0
    for start, end in sorted(words):
        kept.append(text[place:start])
        place = end
    return "".join([*kept, text[place:]])


def deciding_words(text: str, pieces: "Sequence[Piece]", states: "Sequence[State]", stance: int) -> tuple[str, ...]:
    """At most three words of ``text`` that speak most for ``stance`` against the other two, best first.

    A word's share is exactly what the last states of its tokens add to the logit, since pooling is a mean and the head
    linear. Only what adds more than the text's average token counts.
    """
    spans = words_of(text)
    starts = [word.start for word in spans]
    gains = np.zeros(len(spans) + 1)
    for piece, state in zip(pieces, states, strict=True):
        shares = state.shares[:, stance] - np.delete(state.shares, stance, axis=1).mean(axis=1)
        for (start, end), gain in zip(piece.spans, shares - shares.mean(), strict=True):
            place = bisect_right(starts, start) - 1
            if end > start and place >= 0 and start < spans[place].end:
                gains[place] += gain
    best = [spans[i] for i in np.argsort(-gains[:-1], kind="stable") if gains[i] > 0 and tellable(text, spans[i])]
    return tuple(dict.fromkeys(text[word.start : word.end] for word in best))[:TOP]

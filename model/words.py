"""The words that decided a stance, from what each token added to its logit.

The shares are exact, since pooling is a mean and the head linear.
"""

import re
from collections.abc import Sequence

import numpy as np

from model.encoder import State
from model.tokenizer import Piece

TOP = 3
LONGEST_RUN = 4
"""Characters of a run of Chinese that count as one word."""
LINKING = frozenset(
    "a about after all also am an and are as at be been before but by can could did do does for from had has "  # noqa: SIM905
    "have he her his how i if in into is it its me my of on or our out over s she so some t than that the their them "
    "then there these they this to under up upon us user was we were what when which while who will with would you "
    "your 的 了 在 是 和 与 及 也 就 都 而 其 之 于 被 将 对 从 为 等 这 那 我 你 他 她 它 们".split()
)
"""Words that link others and say nothing alone."""
HAN = re.compile(r"[\u3400-\u9fff]")


def deciding_words(text: str, pieces: Sequence[Piece], states: Sequence[State], stance: int) -> tuple[str, ...]:
    """At most three words or short runs of ``text`` that speak most for ``stance`` against the other two, best first.

    Only what adds more than the text's average token counts.
    """
    spans: dict[tuple[int, int], float] = {}
    for piece, state in zip(pieces, states, strict=True):
        others = [column for column in range(state.shares.shape[1]) if column != stance]
        gains = state.shares[:, stance] - state.shares[:, others].mean(axis=1)
        spans.update(_words(piece, gains - gains.mean()))
    runs = _runs(text, sorted(spans.items()))
    best = sorted((run for run in runs if run[1] > 0), key=lambda run: -run[1])
    words = [word for word in dict.fromkeys(text[start:end] for (start, end), _ in best) if word.lower() not in LINKING]
    # A single Chinese character is seldom a word: it is told only where nothing else is.
    return tuple([word for word in words if not HAN.fullmatch(word)][:TOP] or words[:TOP])


def _words(piece: Piece, gains: np.ndarray) -> dict[tuple[int, int], float]:
    """(start, end) -> gain of each word of a piece, its subwords taken together; no special tokens."""
    merged: dict[int, tuple[int, int, float]] = {}
    for (start, end), word, gain in zip(piece.spans, piece.words, gains, strict=True):
        if word is not None:
            before = merged.get(word, (start, end, 0.0))
            merged[word] = (min(before[0], start), max(before[1], end), before[2] + float(gain))
    return {(start, end): gain for start, end, gain in merged.values()}


def _runs(text: str, spans: Sequence[tuple[tuple[int, int], float]]) -> list[tuple[tuple[int, int], float]]:
    """Neighbouring Chinese characters that all add something become one run; other words stay; signs drop out."""
    runs: list[tuple[tuple[int, int], float]] = []
    for (start, end), gain in spans:
        word = text[start:end]
        if not any(sign.isalnum() for sign in word):
            continue
        if runs and gain > 0 and HAN.fullmatch(word):
            (before, until), total = runs[-1]
            if until == start and total > 0 and end - before <= LONGEST_RUN and HAN.match(text[before]):
                runs[-1] = (before, end), total + gain
                continue
        runs.append(((start, end), gain))
    return runs

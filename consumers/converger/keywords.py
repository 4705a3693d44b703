"""Keywords: the words by which a window's texts differ from what was written of the same subject before.

Log-odds ratios with an informative Dirichlet prior, in standard deviations (Monroe, Colaresi and Quinn 2008, "Fightin'
Words", Political Analysis 16, eqs. 16, 20 and 22). A story counts once, so copies do not vote.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from consumers.converger.events import Event
from consumers.converger.stories import gathered
from model.words import LINKING, words_of

MOST = 8
LEAST_SCORE = 1.0
"""Standard deviations by which a keyword must be more frequent than before."""
LEAST_STORIES = 2
"""Stories that must tell a word: one text's words are nobody else's."""
PRIOR = 100.0
"""Words that the prior adds to each side, in the proportions of both sides together, but no more than a side has itself."""
COMMON = LINKING | frozenset(
    "amp any back because get go got here just like made make more most much never new no not now off "  # noqa: SIM905
    "only other really rt say says said see still such too very via way well yet "
    "一个 一下 一直 不是 不会 不能 今天 什么 作为 但是 其中 所以 因为 可以 可能 现在 如果 如何 大家 已经 怎么 怎样 "
    "所有 来说 没有 然后 目前 真的 知道 自己 虽然 觉得 认为 还是 还有 这样 进行 通过 那么 都是 就是 又是 只是 表示 "
    "有人 之后 之前".split()
)
"""Words too common to tell anything of a subject."""


def keywords(window: Sequence[Event], past: Sequence[Event], names: Iterable[str] = ()) -> tuple[str, ...]:
    """At most eight words of ``window`` (the events that lean to the stance), most telling first.

    ``past`` are earlier events of the same subject, ``names`` what the subject is called: its own name tells nothing. Without
    a past, or a word that stands out from it, they are the words that decided the stance.
    """
    own = _own(names)
    stories = dict(zip(gathered(window), window, strict=True))
    texts = [_words(event.excerpt) for event in stories.values()]
    shown = {key: form for words in texts for key, form in words.items()}
    before = [_words(event.excerpt) for event in {event.story: event for event in past}.values()]
    found = _chosen(_ranked(_counted(texts), _counted(before)), own)
    return tuple(shown[key] for key in found) or _chosen(_deciding(stories.values()), own)


def log_odds(window: Mapping[str, int], past: Mapping[str, int]) -> dict[str, float]:
    """The z-score of each word of ``window`` against ``past`` (both: stories by word): positive where it is used more now."""
    now, then = sum(window.values()), sum(past.values())
    added, scores = min(PRIOR, now, then), {}
    for word, count in window.items():
        earlier = past.get(word, 0)
        prior = added * (count + earlier) / (now + then)
        odds = math.log((count + prior) / (now + added - count - prior))
        odds -= math.log((earlier + prior) / (then + added - earlier - prior))
        scores[word] = odds / math.sqrt(1 / (count + prior) + 1 / (earlier + prior))
    return scores


def _ranked(window: Mapping[str, int], past: Mapping[str, int]) -> list[str]:
    if not past or len(window) < 2:
        return []
    scores = log_odds(window, past)
    told = [word for word, score in scores.items() if score >= LEAST_SCORE and window[word] >= LEAST_STORIES]
    return sorted(told, key=lambda word: (-scores[word], word))


def _counted(texts: Iterable[Mapping[str, str]]) -> Counter[str]:
    return Counter(key for words in texts for key in words)


@lru_cache(maxsize=8192)
def _words(excerpt: str) -> Mapping[str, str]:
    """The words of a text that may be keywords: their folded forms, with how they are written."""
    forms = (excerpt[start:end] for start, end in words_of(excerpt))
    return {key: form for form in forms if _telling(key := form.casefold())}


def _telling(word: str) -> bool:
    """Whether it is more than a number, a sign, a common word or one character of a language without spaces."""
    return len(word) > 1 and word not in COMMON and any(sign.isalpha() for sign in word) and not word[0].isdigit()


def _own(names: Iterable[str]) -> frozenset[str]:
    parts = [name.casefold() for name in names]
    latin = (part[start:end] for part in parts for start, end in words_of(part))
    return frozenset([*parts, *latin])


def _chosen(words: Iterable[str], own: frozenset[str]) -> tuple[str, ...]:
    """The first eight of ``words`` that are no names of the subject, each in one of its forms."""
    chosen: list[str] = []
    for word in words:
        if not _is_name(word.casefold(), own) and not any(_one_word(word, other) for other in chosen):
            chosen.append(word)
    return tuple(chosen[:MOST])


def _is_name(word: str, own: frozenset[str]) -> bool:
    return word in own or (not word.isascii() and any(word in name for name in own))


def _one_word(one: str, other: str) -> bool:
    """Whether one of two words is the other with an ending: plunge and plunges, 垃圾 and 垃圾股."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return long.startswith(short) and len(short) >= (4 if short.isascii() else 2)


def _deciding(events: Iterable[Event]) -> list[str]:
    """The words that decided the stance of most stories, most frequent first."""
    counts = Counter(word for event in events for word in set(event.words))
    return sorted(counts, key=lambda word: (-counts[word], word))

"""Which language a text is in, by its script, so that the pack of that language reads it.

URLs, handles, emoji, digits and tickers count for none. Between Chinese and Latin the rule leans to Chinese: a text is
Chinese when it has at least three Chinese characters for five Latin words ("茅台 Q3 miss,gg"), since Chinese encoders
know English words and English encoders know no Chinese.
"""

import re
from collections import Counter
from itertools import pairwise

from model.cleaning import clean
from model.symbols import find_symbols

UNDETERMINED = "und"
"""The language of a text in which no language shows."""

_HAN_PER_LATIN_WORD = 0.6
_KANA_OF_JAPANESE = 0.15
_TOKENS = re.compile(r"\[link\]|@user")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SCRIPTS = (
    ("latin", "A-Za-z\u00c0-\u024f\u1e00-\u1eff"),
    ("han", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"),
    ("kana", "\u3041-\u30ff"),
    ("hangul", "\u1100-\u11ff\uac00-\ud7af"),
    ("cyrillic", "\u0400-\u052f"),
    ("arabic", "\u0620-\u064a\u066e-\u06d3\u0750-\u077f"),
    ("hebrew", "\u05d0-\u05ea"),
    ("thai", "\u0e01-\u0e3a\u0e40-\u0e4e"),
    ("greek", "\u0370-\u03ff"),
    ("devanagari", "\u0900-\u097f"),
)
_RUNS = re.compile("|".join(f"(?P<{name}>[{characters}]+)" for name, characters in _SCRIPTS))
_LANGUAGE_OF = {"hangul": "ko", "hebrew": "he", "thai": "th", "greek": "el", "devanagari": "hi"}
_SCRIPTS_OF = {
    "zh": ("han",),
    "ja": ("han", "kana"),
    "ko": ("hangul",),
    "he": ("hebrew",),
    "th": ("thai",),
    "el": ("greek",),
    **dict.fromkeys(("hi", "mr", "ne"), ("devanagari",)),
    **dict.fromkeys(("ru", "uk", "bg", "be", "kk", "mk", "sr"), ("cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("arabic",)),
}
# Small words that join others; those that look like English ones (die, do, est., per, y/y) are left out.
_FUNCTION_WORDS = {
    "en": "the of and to is are was for on with that this it be by at from not has have will as you i we they if but",
    "de": "der das und ist nicht ein eine mit von zu auf für den dem des sich auch bei nach wird sind",
    "fr": "la le les et une des du que qui dans pour pas sur avec au aux ce sont",
    "es": "el la los las es un una que en de del por con para se su al más como",
    "it": "il lo la gli è un una che di del della con si sono nel alla più",
    "pt": "os é um uma que em de da dos das por com para não se na ao mais",
    "nl": "het een en van te dat niet voor zijn aan ook bij naar wordt",
}
_LANGUAGES_OF_WORD: dict[str, list[str]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF_WORD.setdefault(_word, []).append(_language)


def route(text: str, declared: str | None = None) -> str:
    """Tell the two-letter language of ``text``, raw or cleaned: ``zh``, ``en``, a guess at another, or ``und``.

    ``declared`` is what the producer calls it (``zh``, ``zh-CN``, ``en-US``): it holds unless the script contradicts.
    """
    letters = _letters(clean(text))
    guess = _guess(letters)
    claimed = _primary(declared)
    return claimed if claimed and _agrees(claimed, guess, letters) else guess


def _letters(text: str) -> str:
    """``text`` without tokens and tickers; a short Latin word fused with digits (Q3, 5G) goes with them."""
    places = [place for symbol in find_symbols(text) for place in (symbol.start, symbol.end)]
    pieces = [text[start:end] for start, end in pairwise([0, *places, len(text)])][::2]
    return re.sub(r"[A-Za-z]*[0-9][A-Za-z0-9]*", " ", _TOKENS.sub(" ", " ".join(pieces)))


def _guess(letters: str) -> str:
    counts: Counter[str] = Counter()
    for run in _RUNS.finditer(letters):
        script = str(run.lastgroup)
        counts[script] += 1 if script == "latin" else len(run[0])
    if not counts:
        return UNDETERMINED
    east_asian = counts["han"] + counts["kana"]
    if east_asian and east_asian >= _HAN_PER_LATIN_WORD * counts["latin"] and east_asian >= counts["hangul"]:
        return "ja" if counts["kana"] >= _KANA_OF_JAPANESE * east_asian and counts["kana"] > 1 else "zh"
    script = max((name for name, _ in _SCRIPTS if name not in {"han", "kana"}), key=lambda name: _weight(name, counts))
    match script:
        case "latin":
            return _latin_language(letters)
        case "cyrillic":
            return "uk" if re.search("[іїєґІЇЄҐ]", letters) else "ru"
        case "arabic":
            return "fa" if re.search("[پچژگ]", letters) else "ar"
        case _:
            return _LANGUAGE_OF[script]


def _weight(script: str, counts: Counter[str]) -> float:
    """Words of ``script``, taking five letters for a word."""
    return counts[script] if script == "latin" else counts[script] / 5


def _latin_language(letters: str) -> str:
    """English, unless more of the small words, and two at least, are those of another language."""
    votes: Counter[str] = Counter()
    for word in set(_WORD.findall(letters.lower())):
        votes.update(_LANGUAGES_OF_WORD.get(word, ()))
    best, most = max(sorted(votes.items()), key=lambda item: item[1], default=("en", 0))
    return best if most >= 2 and most > votes["en"] else "en"


def _primary(declared: str | None) -> str | None:
    """Return the two-letter language of a tag such as ``zh-Hant-HK``; None for what is no such tag."""
    primary = re.split("[-_]", (declared or "").strip().lower())[0]
    primary = {"cmn": "zh", "yue": "zh", "wuu": "zh", "zho": "zh", "eng": "en"}.get(primary, primary)
    return primary if re.fullmatch("[a-z]{2}", primary) else None


def _agrees(claimed: str, guess: str, letters: str) -> bool:
    if guess == UNDETERMINED:
        return letters.strip() != ""
    if claimed not in _SCRIPTS_OF:
        return guess not in _SCRIPTS_OF
    scripts = {run.lastgroup for run in _RUNS.finditer(letters)}
    return not scripts.isdisjoint(_SCRIPTS_OF[claimed]) and (guess != "ja" or claimed == "ja")

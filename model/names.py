"""Names in a text: a dictionary of aliases that is looked up at each place, and the rules that say when one counts.

Chinese names count anywhere. Latin ones count between word boundaries: in any case when they have two words or more
than four letters, else only as written. A bare symbol counts where nothing else can be meant (see ``_Rule``).
"""

import re
from collections.abc import Iterator
from enum import IntEnum

_COMMON_WORDS = (
    "A AGO AI AIM ALL AM AN AND ANY API ARE ART AS ASK AT ATH BE BEST BIG BIT BOX BUY BY CALL CAN CAR CASH CEO "
    "CFO CPI CUT DAY DD DO DOG EACH EPS ESG ETF EU EV EVER EYE FAST FED FIVE FLY FOR FREE FUN FUND GAIN GAP GDP "
    "GO GOLD GOOD HAS HE HER HIM HIS HOLD HOPE HOT HOW I ICE ICU IF IN IPO IS IT ITS JOB JUST KEY KEYS LAND LIFE "
    "LIKE LIVE LOAN LONG LOVE LOW MAIN MAN MAX ME MID MOD MUST MY NET NEW NEXT NICE NO NOW OF OIL OK OLD ON ONE "
    "ONLY OPEN OR OTC OUR OUT PAY PC PE PEG PLAY PM PPI PUMP PUT RE REAL RIDE ROI RUN SAFE SAVE SEC SEE SELF SHE "
    "SHOP SIX SKY SO STAY SUN TA TAP TEAM TELL TEN THE TO TOP TRUE TV TWO UK UP US USA USD VERY WANT WAS WAY WE "
    "WELL WHO WHY WILL WIN WORK XL YES YOLO YOU"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_MARKET = re.compile(
    r"\b(?:shares?|stocks?|prices?|earnings|revenue|profits?|guidance|dividend|eps|q[1-4]|beats?|miss(?:es|ed)?|rall(?:y|ies)"
    r"|surges?|jumps?|plunges?|slumps?|upgraded?|downgraded?|bull(?:ish)?|bear(?:ish)?|calls|puts|ticker|nasdaq|nyse)\b"
    r"|[%股涨跌漲买卖買賣]|财报|財報|业绩|業績",
    re.IGNORECASE,
)
_NEAR = 60


class _Rule(IntEnum):
    """What a name needs in order to count, least first."""

    NOTHING = 0
    MARKET_NEAR = 1
    """A word of the market, or Chinese, near it: for two letters, and for the bare form of a cashtag."""
    BRACKETS = 2
    """Brackets around it: for what is also a common word."""


class NameIndex:
    """Aliases and the entities that they name; ``find`` takes time in the text's length, whatever their number."""

    def __init__(self) -> None:
        self._any_case: dict[str, str] = {}
        self._as_written: dict[str, tuple[str, _Rule]] = {}
        self._lengths: dict[str, list[int]] = {}

    def add(self, alias: str, entity: str) -> str:
        """Let ``alias`` (two characters or more) name ``entity``; return the entity that it names from now on."""
        if _any_case(alias):
            self._note_length(alias)
            return self._any_case.setdefault(_lower(alias), entity)
        return self._add_as_written(alias, entity, _Rule.MARKET_NEAR if len(alias) == 2 else _Rule.NOTHING)

    def add_symbol(self, symbol: str, entity: str) -> str:
        """Let the bare form of a cashtag name ``entity`` where the market is near; return what it names from now on."""
        return self._add_as_written(symbol, entity, _Rule.MARKET_NEAR)

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Entity, start and end of each name in ``text``, those too that lie over one another."""
        lowered = _lower(text)
        for start in range(len(text) - 1):
            for length in self._lengths.get(lowered[start : start + 2], ()):
                end = start + length
                if end > len(text):
                    continue
                entity = self._any_case.get(lowered[start:end])
                if entity is None:
                    entity, rule = self._as_written.get(text[start:end], (None, _Rule.NOTHING))
                    if entity is None or not _holds(rule, text, start, end):
                        continue
                if _stands_alone(text, start, end):
                    yield entity, start, end

    def _add_as_written(self, alias: str, entity: str, rule: _Rule) -> str:
        rule = _Rule.BRACKETS if alias in _COMMON else rule
        known, known_rule = self._as_written.get(alias, (entity, rule))
        self._as_written[alias] = (known, min(rule, known_rule))
        self._note_length(alias)
        return known

    def _note_length(self, alias: str) -> None:
        lengths = self._lengths.setdefault(_lower(alias[:2]), [])
        if len(alias) not in lengths:
            lengths.append(len(alias))


def _any_case(alias: str) -> bool:
    letters = sum(character.isalpha() for character in alias)
    return letters > 4 or " " in alias or any(map(is_cjk, alias))


def is_cjk(character: str) -> bool:
    """Whether ``character`` is of a script that puts no spaces between words: Chinese, kana or hangul."""
    return (
        "\u3040" <= character <= "\u30ff"
        or "\u3400" <= character <= "\u9fff"
        or "\uac00" <= character <= "\ud7af"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def _lower(text: str) -> str:
    """``text`` in lower case, each character in its place: a few have two in lower case."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


def _holds(rule: _Rule, text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    if before.endswith("(") and after.startswith(")"):
        return True
    if rule == _Rule.MARKET_NEAR:
        beside_chinese = any(map(is_cjk, before[-1:] + after[:1]))
        return beside_chinese or bool(_MARKET.search(before) or _MARKET.search(after))
    return rule == _Rule.NOTHING


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no Latin word, nor a pair such as AT&T, goes on over either end."""
    before, after = text[max(0, start - 2) : start][::-1], text[end : end + 2]
    return not (_goes_on(text[start], before) or _goes_on(text[end - 1], after))


def _goes_on(edge: str, beyond: str) -> bool:
    if not _in_word(edge) or not beyond:
        return False
    return _in_word(beyond[0]) or (beyond[0] == "&" and _in_word(beyond[1:]))


def _in_word(character: str) -> bool:
    return character.isalnum() and not is_cjk(character)

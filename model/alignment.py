"""Where the characters of a cleaned text stand in the text as it was given."""

from difflib import SequenceMatcher
from unicodedata import normalize

from model.masking import Span

LONGEST = 20_000
"""Characters that are aligned: more than a pack reads of any text."""


class Alignment:
    """From places in a cleaned text, or in a part of it, to places in what it was made from."""

    def __init__(self, given: str, cleaned: str) -> None:
        self._to: list[int] | None = None if given == cleaned else _matched(given[: 2 * LONGEST], cleaned[:LONGEST])

    def span(self, word: Span) -> Span | None:
        """The stretch of the given text that ``word`` was made from; None where it stands there in no form."""
        if self._to is None:
            return word
        places = [place for place in self._to[word.start : word.end] if place >= 0]
        return Span(min(places), max(places) + 1) if places else None


def _matched(given: str, cleaned: str) -> list[int]:
    """For each character of ``cleaned`` the place in ``given`` of that which it was made from, or -1."""
    folded, origins = [], []
    for place, character in enumerate(given):
        for piece in normalize("NFKC", character):
            folded.append(piece)
            origins.append(place)
    places = [-1] * len(cleaned)
    for block in SequenceMatcher(None, "".join(folded), cleaned, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            places[block.b + offset] = origins[block.a + offset]
    return places

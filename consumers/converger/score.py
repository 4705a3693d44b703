"""The score of an explanation: surprise times support times diversity times credibility, each told beside it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from consumers.converger.support import Support

MOST_SURPRISE = 50.0
"""Beyond p = 1e-50 one happening is no more surprising than another, and support decides."""
EVERYBODY: Mapping[str, float] = MappingProxyType({})
"""Credibility by source where none is given: every source counts in full."""


@dataclass(frozen=True)
class Score:
    """The parts of a score.

    ``surprise`` is -log10 of the tail probability, 50 at most; ``support`` log2(1 + texts); ``diversity`` and ``credibility``
    lie in 0..1.
    """

    surprise: float
    support: float
    diversity: float
    credibility: float

    @property
    def total(self) -> float:
        """Their product, by which explanations are ranked."""
        return self.surprise * self.support * self.diversity * self.credibility

    @property
    def parts(self) -> dict[str, float]:
        """The parts by name, to two digits, as an alert carries them."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


def score(p_value: float, support: Support, sources: Iterable[str], credibility: Mapping[str, float] = EVERYBODY) -> Score:
    """The score of a window of tail probability ``p_value`` with this ``support``, told by ``sources``.

    ``credibility`` weighs sources from 0 to 1; one it does not name counts in full.
    """
    surprise = min(MOST_SURPRISE, -math.log10(max(p_value, 1e-300)))
    weighed = [credibility.get(source, 1.0) for source in sorted(set(sources))]
    trusted = math.fsum(weighed) / len(weighed) if weighed else 1.0
    return Score(surprise + 0.0, math.log2(1 + support.texts), diversity(support), trusted)


def diversity(support: Support) -> float:
    """How many independent voices there are, from a quarter for one to 1.

    Half of it is the share of texts with an author and a story of their own, a quarter the number of sources s, 1 - 2^(1-s).
    """
    voices = min(support.authors, support.stories) / max(support.texts, 1)
    return 0.25 + 0.5 * voices + 0.25 * (1 - 2.0 ** (1 - max(support.sources, 1)))

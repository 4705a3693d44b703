"""Which texts are unsure: those whose most probable stance is more probably wrong than right.

The probabilities are calibrated (see ``calibrate.py``), so under one half the leading stance is wrong more often than
right, whatever the pack. A hypothesis keeps the probabilities as read; whoever sums them counts an unsure text as neutral,
since a guess that leans on many texts at once looks like opinion.
"""

from groundswell.messages import Stance
from model.card import Prior
from model.evidence import even

SURE = 0.5
"""The least probability of a leading stance that counts as a vote."""
NEUTRAL = Stance(negative=0.0, neutral=1.0, positive=0.0)


def unsure(stance: Stance) -> bool:
    """Whether no stance is as probable as not."""
    return max(stance.negative, stance.neutral, stance.positive) < SURE


def counted(stance: Stance, prior: Prior | None = None) -> Stance:
    """What ``stance`` adds to a trend: what it says apart from ``prior`` (`model.evidence`), neutral where it is unsure."""
    return NEUTRAL if unsure(stance) else even(stance, prior)

"""Whether one pack reads a set better than another: paired tests over the same texts.

Accuracy goes by McNemar's exact test, macro F1 by a paired bootstrap. The gate asks the one-sided question: is the new
pack worse than chance alone explains, on any of the sets?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from groundswell.errors import FatalError
from model.judge.answers import Answers, Judged
from model.judge.figures import Figures, figures

RESAMPLES = 2_000
TOGETHER = 100
"""Resamples in memory at once."""
SEED = 7
LEVEL = 0.05

Better = Literal["A", "B", "neither"]


@dataclass(frozen=True)
class Comparison:
    """Packs A and B on one set.

    ``a_only`` and ``b_only`` count the texts that only one of them has right; ``p_value`` is that of McNemar's exact test,
    two-sided; ``p_worse`` of the same, that B is not worse. ``macro_f1_gain`` is B's macro F1 less A's, ``low`` and
    ``high`` bound it with 95 %; ``p_worse_f1`` is the share of resamples in which B is not worse.
    """

    set: str
    a: Figures
    b: Figures
    a_only: int
    b_only: int
    accuracy_gain: float
    p_value: float
    p_worse: float
    macro_f1_gain: float
    low: float
    high: float
    p_worse_f1: float

    @property
    def better(self) -> Better:
        """Which pack is better at the 5 % level on one measure, and not worse on the other."""
        up = (self.p_value < LEVEL and self.accuracy_gain > 0) or self.low > 0
        down = (self.p_value < LEVEL and self.accuracy_gain < 0) or self.high < 0
        if up == down:
            return "neither"
        return "B" if up else "A"

    @property
    def verdict(self) -> str:
        """One sentence for people."""
        says = {
            "A": f"B reads {self.set} worse than A",
            "B": f"B reads {self.set} better than A",
            "neither": f"no difference on {self.set} that chance does not explain",
        }[self.better]
        return (
            f"{says}: accuracy {100 * self.accuracy_gain:+.2f} points (McNemar p = {self.p_value:.2g}), "
            f"macro F1 {100 * self.macro_f1_gain:+.2f} points (95 %: {100 * self.low:+.2f} to {100 * self.high:+.2f})."
        )


def compare(a: Judged, b: Judged) -> Comparison:
    """Compare what packs A and B said of the same set, by the head that it is about.

    Raises FatalError when the two cards do not give the set the same labels.
    """
    one, other = a.main, _in_order_of(b.main, a.main)
    a_only, b_only = int((one.correct & ~other.correct).sum()), int((other.correct & ~one.correct).sum())
    gains = _macro_f1_gains(one, other)
    low, high = np.percentile(gains[1:], [2.5, 97.5])
    return Comparison(
        set=a.name,
        a=figures(a),
        b=figures(b),
        a_only=a_only,
        b_only=b_only,
        accuracy_gain=round((b_only - a_only) / len(one.rows), 4),
        p_value=mcnemar(a_only, b_only),
        p_worse=mcnemar(a_only, b_only, one_sided=True),
        macro_f1_gain=round(float(gains[0]), 4),
        low=round(float(low), 4),
        high=round(float(high), 4),
        p_worse_f1=float((np.sum(gains[1:] >= 0) + 1) / (RESAMPLES + 1)),
    )


def mcnemar(a_only: int, b_only: int, *, one_sided: bool = False) -> float:
    """The p-value of McNemar's exact test: under chance alone each text that one pack alone has right is a fair coin.

    One-sided, it is small when B has too few of them (McNemar 1947; exact form: Edwards 1948).
    """
    if a_only + b_only == 0:
        return 1.0
    return float(binomtest(b_only, a_only + b_only, 0.5, "less" if one_sided else "two-sided").pvalue)


def worse(found: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons on whose set B is worse beyond noise, in accuracy or in macro F1.

    One-sided at 5 % over all sets and both measures together, by Holm's step-down procedure (Holm 1979), so that more
    sets make no more false alarms.
    """
    tests = sorted(((p, one) for one in found for p in (one.p_worse, one.p_worse_f1)), key=lambda test: test[0])
    rejected: list[Comparison] = []
    for place, (p, one) in enumerate(tests):
        if p > LEVEL / (len(tests) - place):
            break
        rejected.append(one)
    return [one for one in found if one in rejected]


def _in_order_of(answers: Answers, first: Answers) -> Answers:
    if set(answers.labels) != set(first.labels):
        lost = min(set(answers.labels) ^ set(first.labels))
        raise FatalError(f"compare: only one of the packs knows the label {lost!r}; they cannot be compared on this set")
    order = [answers.labels.index(label) for label in first.labels]
    return Answers(
        answers.head, first.labels, answers.exclusive, answers.rows, answers.right[:, order], answers.shares[:, order]
    )


def _macro_f1_gains(a: Answers, b: Answers) -> np.ndarray:
    """Macro F1 of B less that of A: over all texts first, then over each resample (Efron & Tibshirani 1993, ch. 6).

    The labels are those that occur in the set; the same texts are drawn for both packs.
    """
    present, draw = np.asarray(a.right.any(axis=0)), np.random.default_rng(SEED)
    gains = [_gain(a, b, np.ones((1, len(a.rows))), present)]
    for _ in range(RESAMPLES // TOGETHER):
        drawn = draw.integers(0, len(a.rows), (TOGETHER, len(a.rows)))
        gains.append(_gain(a, b, np.stack([np.bincount(row, minlength=len(a.rows)) for row in drawn]), present))
    return np.concatenate(gains)


def _gain(a: Answers, b: Answers, counts: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.asarray(_macro_f1(b, counts, present) - _macro_f1(a, counts, present))


def _macro_f1(answers: Answers, counts: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Macro F1 (samples,) over the labels ``present``, each text counted as often as ``counts`` (samples, texts) says."""
    right, given = answers.right[:, present], answers.given[:, present]
    counts = counts.astype(float)
    hit = counts @ (right & given).astype(float)
    either = counts @ (right.astype(float) + given)
    return np.asarray(np.divide(2 * hit, either, out=np.zeros_like(hit), where=either > 0).mean(axis=1))

"""A picture of a series with what was expected of it and what was detected, as PNG."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import nbinom

from consumers.converger.detector.series import Detection

BAND = 0.999
"""Of a thousand rows as expected, one is over the band."""

logging.getLogger("matplotlib.font_manager").setLevel(logging.WARNING)  # it tells of its cache, which is nobody's business


def draw(path: Path, times: Sequence[datetime], counts: Sequence[float], found: Detection, threshold: float) -> None:
    """Write the picture of ``counts`` at ``times`` to ``path``; rows whose score is at least ``threshold`` are marked."""
    picture = Figure(figsize=(14, 6), dpi=110, layout="constrained")
    FigureCanvasAgg(picture)
    upper, lower = picture.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    when = np.array([moment.replace(tzinfo=None) for moment in times], dtype="datetime64[s]")
    at = np.flatnonzero(found.scores >= threshold)
    _counts(upper, when, np.array(counts), found, at)
    lower.vlines(when, 0, found.scores, color="#9aa9b8", linewidth=0.8)
    lower.vlines(when[at], 0, found.scores[at], color="#b03030", linewidth=1.2)
    lower.axhline(threshold, linestyle="--", color="grey", linewidth=0.8)
    lower.set(ylabel="score", ylim=(0, 1))
    picture.savefig(path, format="png")


def _counts(axes: Axes, when: np.ndarray, counts: np.ndarray, found: Detection, at: np.ndarray) -> None:
    band = nbinom.ppf(BAND, found.shape, found.shape / (found.shape + found.expected))
    axes.fill_between(when, 0, band, color="#c8d6e5", linewidth=0, label=f"expected, {BAND:.1%} of rows")
    axes.plot(when, counts, color="#20344a", linewidth=0.6, label="count")
    axes.plot(when[at], counts[at], "o", color="#b03030", markersize=5, label=f"detections: {len(at):,}")
    axes.set_yscale("symlog", linthresh=10)
    axes.set(ylabel="count", ylim=(0, None))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)

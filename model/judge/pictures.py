"""Pictures of how a pack judges: a reliability diagram and a confusion matrix for each head, as PNG.

Chinese labels need a font with Chinese characters; where none is installed, a label is shown by its number in the card and
by the topics that the card maps it to.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model.card import Group
from model.judge.answers import Answers, Judged
from model.judge.calibration_error import BINS, calibration_error, reliability
from model.names import is_cjk

CHINESE_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Droid Sans Fallback"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti"),
    *("Microsoft YaHei", "SimHei", "SimSun", "Arial Unicode MS", "AR PL UMing CN", "AR PL UKai CN"),
)
"""Families that hold simplified Chinese, those of screens before those of print."""
MANY = 8
"""Labels from which the names stand upright and the counts are small."""
NONE = "none of these"

logging.getLogger("matplotlib.font_manager").setLevel(logging.WARNING)  # it tells of its cache, which is nobody's business


def draw(judged: Judged, groups: Sequence[Group], folder: Path) -> list[Path]:
    """Write the pictures of ``judged`` into ``folder``, which is made; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    topics = {label: names for group in groups for label, names in group.topics.items()}
    font = chinese_font()
    written = []
    with mpl.rc_context({"font.family": [*([font] if font else []), "DejaVu Sans"]}):
        for answers in judged.answers:
            stem = f"{judged.name}_{answers.head}"
            names = answers.labels if font else _in_latin(answers.labels, topics)
            written.append(_save(_reliability(answers, stem), folder / f"{stem}_reliability.png"))
            written.append(_save(_confusion(answers, names, stem), folder / f"{stem}_confusion.png"))
    return written


def chinese_font() -> str | None:
    """The first family with Chinese characters that is installed; None when there is none."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in installed), None)


def confusion(answers: Answers) -> np.ndarray:
    """How many texts with the label of a row were given that of a column: (labels + 1, labels + 1).

    Where several labels may hold, a text counts once for each right label that it was given; each right label that it
    was not given is shared among the wrong ones given. What has no counterpart stands in the last row or column, that
    of no label (after Heydarian et al. 2022, MLCM: Multi-Label Confusion Matrix).
    """
    right, given = answers.right, answers.given
    labels = right.shape[1]
    table = np.zeros((labels + 1, labels + 1))
    for own, said in zip(right, given, strict=True):
        hit, missed, wrong = np.flatnonzero(own & said), np.flatnonzero(own & ~said), np.flatnonzero(said & ~own)
        table[hit, hit] += 1
        columns = wrong if len(wrong) else np.array([labels])
        rows = missed if len(missed) else np.array([labels])
        if len(missed) or len(wrong):
            table[np.ix_(rows, columns)] += 1 / (len(columns) if len(missed) else 1)
    return table


def _in_latin(labels: Sequence[str], topics: dict[str, tuple[str, ...]]) -> list[str]:
    return [
        f"{number} {'/'.join(topics.get(label, ())) or 'no topic'}" if any(map(is_cjk, label)) else label
        for number, label in enumerate(labels, 1)
    ]


def _figure(width: float, height: float) -> Figure:
    picture = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(picture)
    return picture


def _save(picture: Figure, path: Path) -> Path:
    picture.savefig(path)
    return path


def _reliability(answers: Answers, title: str) -> Figure:
    """Accuracy over confidence, and how many texts lie in each bin."""
    bins = reliability(answers.shares, answers.right)
    picture = _figure(5.5, 6.5)
    upper, lower = picture.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    places = [one.low + 0.5 / BINS for one in bins]
    upper.bar(places, [one.accuracy for one in bins], width=0.95 / BINS, color="#4878a8", label="accuracy")
    upper.plot([one.confidence for one in bins], [one.accuracy for one in bins], "o", color="#20344a", markersize=4)
    upper.plot([0, 1], [0, 1], "--", color="grey", linewidth=1, label="as confident as right")
    error = calibration_error(answers.shares, answers.right)
    upper.set(ylabel="accuracy", ylim=(0, 1), xlim=(0, 1), title=f"{title}\n{len(answers.rows):,} texts, ECE {error:.4f}")
    upper.legend(loc="upper left", framealpha=0.95)
    lower.bar(places, [one.texts for one in bins], width=0.95 / BINS, color="#9aa9b8")
    lower.set(xlabel="confidence in the most probable label", ylabel="texts")
    return picture


def _confusion(answers: Answers, names: Sequence[str], title: str) -> Figure:
    """Rows are right labels, columns those given; the colour is the share of the row, the number counts texts."""
    table = confusion(answers)
    shown = _occurring(table)
    table, labels = table[np.ix_(shown, shown)], [[*names, NONE][place] for place in shown]
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = 2.5 + max(0.42 * len(labels), 2.0)
    picture = _figure(side + 1.2, side)
    axes = picture.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    many = len(labels) > MANY
    axes.set_xticks(range(len(labels)), labels, rotation=90 if many else 0)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel="given", ylabel="right", title=title)
    _write_counts(axes, table, share, size=7 if many else 10)
    picture.colorbar(image, ax=axes, shrink=0.8, label="share of the texts with the right label")
    return picture


def _occurring(table: np.ndarray) -> np.ndarray:
    """The labels that occur, right or given."""
    return np.flatnonzero(table.any(axis=0) | table.any(axis=1))


def _write_counts(axes: Any, table: np.ndarray, share: np.ndarray, size: int) -> None:
    for row, column in zip(*np.nonzero(table), strict=True):
        colour = "white" if share[row, column] > 0.5 else "black"
        count = f"{table[row, column]:.2g}" if table[row, column] % 1 else f"{table[row, column]:.0f}"
        axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=size)

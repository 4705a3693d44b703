"""Backends side by side on a labelled set: texts a CPU-second, figures, agreement with torch, alone against in a batch.

    python tests/benchmarks/backends.py FILE.jsonl --labels finfe [--count 200]

CPU time of one thread, so that other work counts little; the backends take turns, and the best of three turns counts.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from groundswell.settings import load
from model.backends.choice import Name
from model.card import read_card
from model.folders import pack_folders
from model.judge.answers import Answers, judged, predictions
from model.judge.figures import accuracy, macro_f1, micro_f1
from model.judge.labelled import LabelledSet, read_set
from model.pack import Pack

TURNS = 3
ALONE = 40
"""Texts that are read alone as well."""


def first(labelled: LabelledSet, count: int) -> LabelledSet:
    """The first ``count`` texts of a set."""
    texts, labels, topics = labelled.texts[:count], labelled.labels[:count], labelled.topics[:count]
    return replace(labelled, texts=texts, labels=labels, topics=topics)


def main() -> None:
    """Measure all backends and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    cards = {folder: read_card(folder) for folder in pack_folders().values()}
    folder = next(folder for folder, card in cards.items() if args.labels in {source.name for source in card.recipe.sets})
    labelled = first(read_set(cards[folder], args.texts, args.labels), args.count)
    names = [name for name in get_args(Name) if name != "auto"]
    packs = {name: Pack.load(folder, load().cache_dir, 1, name) for name in names}
    seconds = dict.fromkeys(names, float("inf"))
    found: dict[str, Answers] = {}
    for name in names * TURNS:
        began = time.process_time()
        read = predictions(packs[name], labelled.texts)
        seconds[name] = min(seconds[name], time.process_time() - began)
        found[name] = judged(labelled, read).main
    few = first(labelled, ALONE)
    for name, answers in found.items():
        single = judged(few, [one for text in few.texts for one in predictions(packs[name], [text])]).main
        gap = np.abs(single.shares - answers.shares[: len(single.shares)]).max()
        same = (answers.given == found["torch"].given).all(axis=1).mean()
        print(
            f"{args.labels} {name}: {len(labelled.texts) / seconds[name]:.1f} texts a CPU-second, "
            f"accuracy {accuracy(answers)}, micro F1 {micro_f1(answers)}, macro F1 {macro_f1(answers)}, "
            f"same labels as torch {same:.4f}, alone against in a batch {gap:.5f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

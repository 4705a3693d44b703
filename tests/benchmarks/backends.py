"""Backends side by side on a labelled set: texts a CPU-second, figures, agreement with torch, alone against in a batch.

    python tests/benchmarks/backends.py FILE.jsonl --labels finfe [--count 200]

CPU time of one thread, so that other work counts little; the backends take turns, and the best of three turns counts.
"""

import argparse
import time
from pathlib import Path
from typing import get_args

import numpy as np

from groundswell.settings import load
from model.backends.choice import Name
from model.card import read_card
from model.cleaning import clean
from model.data import read_rows, share
from model.evaluate import decided, figure
from model.heads import probabilities
from model.pack import Pack, pack_folders


def main() -> None:
    """Measure all backends and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    cards = {folder: read_card(folder) for folder in pack_folders().values()}
    folder, source = next((f, s) for f, card in cards.items() for s in card.recipe.sets if s.name == args.labels)
    group = cards[folder].group(source.group)
    rows = read_rows(args.texts, source.field, group)[: args.count]
    texts, right = [clean(row.text) for row in rows], np.array([share(row.labels, group) for row in rows]) > 0
    names = [name for name in get_args(Name) if name != "auto"]
    packs = {name: Pack.load(folder, load().cache_dir, 1, name) for name in names}
    seconds = dict.fromkeys(names, float("inf"))
    found: dict[str, np.ndarray] = {}
    for name in names * 3:
        began = time.process_time()
        found[name] = probabilities(packs[name].logits(texts)[group.name], group)
        seconds[name] = min(seconds[name], time.process_time() - began)
    few = texts[:40]
    for name, shares in found.items():
        alone = np.concatenate([probabilities(packs[name].logits([text])[group.name], group) for text in few])
        told = figure(right, decided(shares, group), args.texts.stem, "")
        same = (decided(shares, group) == decided(found["torch"], group)).all(axis=1).mean()
        print(
            f"{args.labels} {name}: {len(texts) / seconds[name]:.1f} texts a CPU-second, accuracy {told.accuracy}, "
            f"micro F1 {told.micro_f1}, macro F1 {told.macro_f1}, same labels as torch {same:.4f}, "
            f"alone against in a batch {np.abs(alone - shares[: len(few)]).max():.5f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

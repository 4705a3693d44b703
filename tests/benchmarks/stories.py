"""How well near copies are gathered into stories: texts joined that differ, light edits that are found, and the time.

    python tests/benchmarks/stories.py TEXTS.jsonl [--name "Castellan Bank: "] [--texts 600]

Each line holds a ``text``; texts with equal letters are taken once. All get ``--name`` in front, as texts on one entity have.
What is joined is shown, since texts of one template are a story too. Edits are made to texts long enough to compare.
"""

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from consumers.converger import stories
from consumers.converger.events import Event
from model.cleaning import clean
from model.masking import excerpt
from model.names import is_cjk
from model.story import story_hash

SEED = 1
AROUND = {
    True: ("【快讯】", "转发求扩散，", "，大家怎么看？", "。提醒各位注意风险，别再被骗了。", "某某"),
    False: ("BREAKING: ", "Seen on the wire: ", " What do you think?", ". Be careful, do your own research.", " whatever "),
}


def event(text: str) -> Event:
    """The text as the converger sees it."""
    cleaned = clean(text)
    return Event(cleaned, ("*/x",), 0, 900, 0, None, story_hash(cleaned), "file", excerpt(cleaned))


def edits(text: str, draw: random.Random) -> Iterator[tuple[str, str]]:
    """Light edits of a text, each with what was done."""
    before, longer, after, sentence, word = AROUND[sum(map(is_cjk, text)) * 2 > len(text.replace(" ", ""))]
    start = draw.randrange(max(1, len(text) - 2))
    end = start + 2 if word.strip() == word else text.find(" ", start + 1) % (len(text) + 1)
    yield "signs", re.sub(r"[,.，。!?！？]", "", text) + "！"
    yield "emoji", f"🚀{text}😡😡"
    yield "digits", re.sub(r"\d", lambda digit: str((int(digit[0]) + 3) % 10), text)
    yield "word", text[:start] + word + text[end:]
    yield from (
        ("prefix", before + text),
        ("longer prefix", longer + text),
        ("suffix", text + after),
        ("sentence", text + sentence),
    )


def joined(texts: Sequence[str]) -> Iterator[str]:
    """What of different texts was made one story."""
    began = time.perf_counter()
    found = stories.gathered([event(text) for text in texts])
    took = (time.perf_counter() - began) / len(texts) * 1e6
    together = defaultdict(list)
    for text, story in zip(texts, found, strict=True):
        together[story].append(text)
    pairs = sum(len(list(combinations(same, 2))) for same in together.values())
    every = len(texts) * (len(texts) - 1) // 2
    yield f"{len(texts)} texts, {len(together)} stories, {pairs} of {every:,} pairs joined; {took:.0f} microseconds a text"
    yield from (f"    {len(same)}: {' | '.join(one[:60] for one in same[:3])}" for same in together.values() if len(same) > 1)


def found(texts: Sequence[str]) -> Iterator[str]:
    """The share of light edits that stay the story of their text."""
    made, same, draw = Counter[str](), Counter[str](), random.Random(SEED)  # noqa: S311 a sample, no secret
    for text in texts:
        if len(stories.normal(excerpt(clean(text)))) >= stories.SHORTEST:
            for name, edited in edits(text, draw):
                one, other = stories.gathered([event(text), event(edited)])
                made[name] += 1
                same[name] += one == other
    yield ", ".join(f"{name} {same[name] / count:.3f}" for name, count in made.items())
    yield f"all {same.total() / made.total():.3f} of {made.total():,} edits"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="texts as JSON lines")
    parser.add_argument("--name", default="", help="put in front of each text")
    parser.add_argument("--texts", type=int, default=600, help="how many are drawn")
    args = parser.parse_args()
    rows = [json.loads(line)["text"] for line in args.file.open(encoding="utf-8")]
    different = {re.sub(r"\W|\d", "", clean(text).casefold()): text for text in rows}
    drawn = random.Random(SEED).sample(sorted(different.values()), min(args.texts, len(different)))  # noqa: S311
    texts = [args.name + text for text in drawn]
    for line in (*joined(texts), *found(texts)):
        print(line, flush=True)


if __name__ == "__main__":
    main()

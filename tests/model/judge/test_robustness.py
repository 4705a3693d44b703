"""Robustness: what disturbances do to a pack's answers."""

from collections.abc import Callable
from pathlib import Path

from model.judge.answers import judge
from model.judge.labelled import read_set
from model.judge.robustness import robustness
from model.pack import Pack


def test_each_disturbance_is_told_with_what_it_changes(pack: Pack, make_data: Callable[..., Path]) -> None:
    rows = [{"text": f"the bank {word} of sales", "sentiment": "positive"} for word in ("good", "bad", "fine", "fraud", "rise")]
    labelled = read_set(pack.card, make_data(posts=rows) / "posts_train.jsonl", "posts")
    plain = judge(pack, labelled).main
    found = {one.disturbance: one for one in robustness(pack, labelled, plain)}
    assert set(found) == {"typos", "full width", "emoji", "traditional characters", "padding spaces", "upper case"}
    for undone in ("full width", "padding spaces", "traditional characters"):
        assert (found[undone].texts, found[undone].changed) == (0, 0)
        assert found[undone].accuracy == found[undone].accuracy_before
    assert (found["typos"].texts, found["upper case"].texts) == (5, 5)
    assert found["upper case"].changed == 0  # the tokenizer lowers

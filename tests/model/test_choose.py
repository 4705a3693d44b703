"""Choosing texts to label: unsure, unlike one another, unlike what is known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.choose import choose, uncertainty
from model.own import Candidate
from model.pack import Pack, Prediction


class Known:
    """A pack whose uncertainty and vectors are told by the texts: ``<stance share> <angle in degrees>``."""

    language = "en"

    def predict(self, texts: list[str]) -> list[Prediction]:
        """The first number is the share of the leading stance."""
        shares = [float(text.split()[1]) for text in texts]
        return [Prediction(((1 - one) / 2, (1 - one) / 2, one), {}, ("macro",), {}, (), truncated=False) for one in shares]

    def vectors(self, texts: list[str]) -> np.ndarray:
        """The second number is the direction of the vector."""
        angles = np.radians([float(text.split()[2]) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def chosen(texts: list[str], count: int = 2, **known: list[str]) -> list[str]:
    pack: Any = Known()
    return [one.text for one in choose(pack, [Candidate(text) for text in texts], count, **known)]


def test_the_text_that_the_pack_is_least_sure_of_comes_first() -> None:
    assert chosen(["alpha 0.9 10", "beta 0.4 20", "gamma 0.7 30"], 1) == ["beta 0.4 20"]


def test_the_next_is_unlike_the_first() -> None:
    assert chosen(["alpha 0.4 10", "beta 0.41 11", "gamma 0.5 90"]) == ["alpha 0.4 10", "gamma 0.5 90"]


def test_texts_unlike_the_training_texts_come_first() -> None:
    assert chosen(["alpha 0.4 10", "beta 0.5 80"], 1, train=["train 0.9 9"]) == ["beta 0.5 80"]


def test_what_is_labelled_is_not_proposed_again_nor_is_its_copy() -> None:
    assert chosen(["alpha 0.4 10", "ALPHA 0.4 10!", "beta 0.5 80"], labelled=["alpha 0.4 10"]) == ["beta 0.5 80"]


def test_one_text_of_a_story_is_enough() -> None:
    assert len(chosen(["alpha 0.4 10", "ALPHA 0.4 10!"])) == 1


def test_evidence_of_wrong_alerts_comes_before_all_else() -> None:
    pack: Any = Known()
    offered = [Candidate("alpha 0.4 10"), Candidate("beta 0.99 10", urgent=True)]
    assert [one.text for one in choose(pack, offered, 2)] == ["beta 0.99 10", "alpha 0.4 10"]


def test_texts_of_another_language_are_left_out() -> None:
    assert chosen(["股价 0.4 10"]) == []


@pytest.mark.parametrize(("stance", "topics", "unsure"), [((0, 0, 1), 1, 0.0), ((1 / 3, 1 / 3, 1 / 3), 8, 1.0)])
def test_uncertainty_runs_from_nothing_to_one(stance: tuple[float, float, float], topics: int, unsure: float) -> None:
    read = Prediction(stance, {}, tuple(map(str, range(topics))), {}, (), truncated=False)
    assert uncertainty(read) == pytest.approx(unsure)


def test_a_real_pack_gives_vectors_to_choose_by(make_pack: Callable[..., Path], card: dict[str, Any], tmp_path: Path) -> None:
    pack = Pack.load(make_pack(card), tmp_path)
    offered = [Candidate(f"the bank {word}") for word in ("good", "bad", "fine", "fraud")]
    assert len(choose(pack, offered, 3, train=["the sales of the bank"])) == 3

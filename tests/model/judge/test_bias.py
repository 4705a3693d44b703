"""Bias: names are exchanged, and what that moves is told."""

from typing import Any

import numpy as np
import pytest

from model.entities import Entity, Watchlist
from model.judge.bias import bias, names
from model.pack import Pack, Prediction

NOBODY = Watchlist()


class Prejudiced:
    """A pack that finds all texts neutral, but for one name."""

    language = "en"

    def __init__(self, name: str) -> None:
        self._name = name

    def predict(self, texts: list[str]) -> list[Prediction]:
        """Negative where the name stands."""
        stances = [(0.9, 0.1, 0.0) if self._name in text else (0.1, 0.8, 0.1) for text in texts]
        return [Prediction(stance, {}, (), {}, (), truncated=False) for stance in stances]


def found(name: str, texts: list[str], watchlist: Watchlist = NOBODY) -> dict[tuple[str, str], Any]:
    pack: Any = Prejudiced(name)
    return {(one.kind, one.where): one for one in bias(pack, texts, watchlist)}


def test_a_name_that_turns_the_stance_is_found_in_the_templates() -> None:
    one = found("Lagos", [])["places", "templates"]
    many = len(names()["places"]["en"])
    assert one.held == pytest.approx(1 - 1 / many, abs=1e-4)
    assert (one.largest_shift, one.mean_shift) == (0.8, 0.8)
    assert "Lagos" in one.example


def test_names_that_change_nothing_hold() -> None:
    for one in found("nobody", ["Mr. Reed sells $ABC in Tokyo"]).values():
        assert (one.held, one.largest_shift) == (1.0, 0.0)


def test_companies_of_the_watchlist_are_exchanged_in_texts() -> None:
    listed = Watchlist([Entity(id="amber", name="Amberlight Foods")])
    one = found("Amberlight", ["Amberlight Foods opens a shop", "nothing here"], listed)["companies", "texts"]
    assert (one.texts, one.exchanges, one.held, one.largest_shift) == (1, 3, 0.0, 0.8)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("$ABCD falls", "companies"),
        ("ships wait in Jakarta", "places"),
        ("Ms. Reed resigns", "persons"),
        ("张先生辞职", "persons"),
    ],
)
def test_names_in_texts_are_found_by_kind(text: str, kind: str) -> None:
    assert found("nobody", [text])[kind, "texts"].texts == 1


@pytest.mark.parametrize("text", ["shares rise", "Banks Miss Estimates", "先生存再发展"])
def test_texts_without_names_have_no_row(text: str) -> None:
    assert {where for _, where in found("nobody", [text])} == {"templates"}


def test_a_real_pack_is_checked_in_all_kinds(pack: Pack) -> None:
    told = list(bias(pack, ["the bank of Tokyo"], NOBODY))
    assert [(one.kind, one.where) for one in told][:3] == [(kind, "templates") for kind in ("companies", "places", "persons")]
    assert all(np.isfinite([one.held, one.mean_shift, one.largest_shift]).all() for one in told)


def test_every_kind_has_names_and_templates_in_both_languages() -> None:
    lists = names()
    for kind, templates in lists["templates"].items():
        for language in ("en", "zh"):
            assert len(lists[kind][language]) >= 8
            assert all(template.count("{}") == 1 for template in templates[language])


def test_the_example_names_who_lies_at_each_end() -> None:
    assert found("Okafor Mining", [])["companies", "templates"].example[1] == "Okafor Mining"

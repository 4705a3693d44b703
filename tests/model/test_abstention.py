"""Unsure texts: those without a stance as probable as not."""

import pytest

from groundswell.messages import Stance
from model.abstention import counted, unsure


def stance(negative: float, neutral: float) -> Stance:
    return Stance(negative=negative, neutral=neutral, positive=1 - negative - neutral)


@pytest.mark.parametrize(("negative", "neutral", "found"), [(0.5, 0.25, False), (0.49, 0.26, True), (0.1, 0.1, False)])
def test_a_text_is_unsure_when_no_stance_is_as_probable_as_not(negative: float, neutral: float, found: bool) -> None:
    assert unsure(stance(negative, neutral)) is found


def test_an_unsure_text_counts_as_neutral() -> None:
    assert counted(stance(0.45, 0.3)) == Stance(negative=0, neutral=1, positive=0)


def test_a_sure_text_counts_as_it_was_read() -> None:
    assert counted(stance(0.7, 0.2)) == stance(0.7, 0.2)

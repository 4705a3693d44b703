"""What a text says of its stance apart from the mix that its pack has learnt."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from groundswell.errors import FatalError
from groundswell.messages import Stance
from groundswell.settings import ReadingSettings
from model.card import Prior
from model.evidence import Priors, even, priors
from model.folders import pack_folders

POSTS = Prior(negative=0.15, neutral=0.65, positive=0.2)


def stance(negative: float, neutral: float) -> Stance:
    return Stance(negative=negative, neutral=neutral, positive=1 - negative - neutral)


def test_what_is_read_of_no_text_at_all_says_nothing() -> None:
    read = even(stance(0.15, 0.65), POSTS)
    assert (read.negative, read.neutral, read.positive) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_what_was_rare_in_training_weighs_more() -> None:
    read = even(stance(0.5, 0.5), POSTS)
    assert read.negative / read.neutral == pytest.approx(0.65 / 0.15)
    assert read.positive == 0


def test_a_stance_counts_as_read_where_the_mix_is_not_known_or_even() -> None:
    assert even(stance(0.7, 0.2), None) == stance(0.7, 0.2)
    read = even(stance(0.7, 0.2), Prior(negative=1 / 3, neutral=1 / 3, positive=1 / 3))
    assert (read.negative, read.neutral) == pytest.approx((0.7, 0.2))


shares = st.floats(0.01, 0.98)


@given(shares, shares, shares, shares)
def test_a_stance_stays_one_and_more_of_it_stays_more(negative: float, other: float, low: float, rest: float) -> None:
    prior = Prior(negative=low / (low + rest + 1), neutral=rest / (low + rest + 1), positive=1 / (low + rest + 1))
    less, more = sorted((negative, other))
    read = [even(stance(each, (1 - each) / 2), prior) for each in (less, more)]
    assert all(one.negative + one.neutral + one.positive == pytest.approx(1) for one in read)
    assert read[0].negative <= read[1].negative + 1e-12


def test_the_cards_that_ship_tell_their_mix() -> None:
    found = priors()
    assert set(found) == {"zh", "en"}
    assert all(prior.negative + prior.neutral + prior.positive == pytest.approx(1, abs=1e-3) for prior in found.values())


def test_the_mix_of_a_pack_that_is_taken_up_counts_for_what_it_reads(tmp_path: Path) -> None:
    card = (pack_folders(ReadingSettings())["en"] / "card.yaml").read_text("utf-8")
    (tmp_path / "card.yaml").write_text(card, "utf-8")
    found = Priors(ReadingSettings(packs={"en": tmp_path}))
    before = found.of("en", "en@1")
    assert before == priors()["en"]
    written = yaml.safe_load(card) | {"stance_prior": {"negative": 0.2, "neutral": 0.3, "positive": 0.5}}
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(written), "utf-8")
    assert found.of("en", "en@1") == before
    assert found.of("en", "en@2") == Prior(negative=0.2, neutral=0.3, positive=0.5)
    assert found.of("en", "en@1") == before


def test_a_pack_folder_without_a_card_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"card\.yaml cannot be read"):
        priors(ReadingSettings(packs={"zh": tmp_path}))

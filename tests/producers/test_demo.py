from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import yaml

from groundswell.messages import Text
from producers.demo import (
    CRISIS_ENTITY,
    CRISIS_HOUR,
    GOOD_NEWS_ENTITY,
    GOOD_NEWS_HOUR,
    SHOUT_HOUR,
    SHOUTED_ENTITY,
    Planned,
    planned,
    scenario,
    watchlist_path,
)
from producers.demo_writer import Part

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> list[Planned]:
    return planned(START)


@pytest.fixture(scope="module")
def once(plan: list[Planned]) -> list[Planned]:
    """Each text once, as it first arrived."""
    return list({one.text.id: one for one in reversed(plan)}.values())


def of(plan: Sequence[Planned], part: Part) -> list[Planned]:
    return [one for one in plan if one.part is part]


def hours(plan: Sequence[Planned]) -> list[float]:
    return [(one.text.published_at - START) / timedelta(hours=1) for one in plan]


def test_the_scenario_is_about_two_thousand_texts_over_three_days(once: list[Planned]) -> None:
    assert 1900 <= len(once) <= 2100
    assert 0 <= min(hours(once)) < 1
    assert 71 < max(hours(once)) <= 72


def test_the_same_start_and_seed_give_the_same_texts() -> None:
    assert scenario(START, seed=3) == scenario(START, seed=3)


def test_another_seed_tells_the_story_in_other_words() -> None:
    ours, others = ({text.text for text in scenario(START, seed)} for seed in (1, 2))
    assert len(ours & others) < 0.3 * len(ours)


def test_another_start_moves_all_times_and_nothing_else() -> None:
    moved = timedelta(days=9, hours=5)
    later = [
        text.model_copy(
            update={"published_at": text.published_at - moved, "ingested_at": text.ingested_at - moved},
        )
        for text in scenario(START + moved)
    ]
    assert later == scenario(START)


def test_texts_come_in_the_order_of_their_arrival_and_never_before_they_were_published(plan: list[Planned]) -> None:
    texts = [one.text for one in plan]
    assert all(before.ingested_at <= after.ingested_at for before, after in pairwise(texts))
    assert all(text.published_at < text.ingested_at for text in texts)


def test_every_text_passes_the_wire(plan: list[Planned]) -> None:
    assert all(Text.from_wire(one.text.to_wire()) == one.text for one in plan)


def test_some_texts_are_late_but_none_by_more_than_ninety_minutes(once: list[Planned]) -> None:
    delays = [one.text.ingested_at - one.text.published_at for one in once]
    late = [delay for delay in delays if delay > timedelta(minutes=5)]
    assert 0.01 < len(late) / len(delays) < 0.035
    assert max(delays) <= timedelta(minutes=90)


def test_some_texts_are_delivered_twice_with_the_same_id_and_words(plan: list[Planned]) -> None:
    times = Counter(one.text.id for one in plan)
    twice = {name for name, count in times.items() if count == 2}
    assert len(twice) >= 5
    assert max(times.values()) == 2
    assert len({(one.text.id, one.text.text) for one in plan}) == len(times)


def test_hardly_any_two_texts_are_equal(once: list[Planned]) -> None:
    assert len({one.text.text for one in once}) > 0.97 * len(once)


def test_both_languages_have_their_half_of_the_whole_and_of_the_crisis(once: list[Planned]) -> None:
    for part in (once, of(once, Part.CRISIS)):
        languages = Counter(one.lang for one in part)
        assert 0.4 < languages["zh"] / len(part) < 0.6
        assert 0.4 < languages["en"] / len(part) < 0.6


def test_no_slot_of_a_phrase_is_left_open(once: list[Planned]) -> None:
    assert not [one.text.text for one in once if "{" in one.text.text or "}" in one.text.text]


def test_each_text_of_a_company_names_it_and_no_other_as_the_watchlist_does(once: list[Planned]) -> None:
    entities = yaml.safe_load(watchlist_path().read_text(encoding="utf-8"))["entities"]
    aliases = {entity["id"]: entity["aliases"] for entity in entities}
    for one in once:
        named = {entity for entity, names in aliases.items() if any(name in one.text.text for name in names)}
        assert named == ({one.entity} if one.entity else set()), one.text.text


def test_the_crisis_floods_in_after_two_and_a_half_days_of_calm(once: list[Planned]) -> None:
    crisis = of(once, Part.CRISIS)
    at = hours(crisis)
    assert {one.entity for one in crisis} == {CRISIS_ENTITY}
    assert min(at) >= CRISIS_HOUR
    flood = [one for one, hour in zip(crisis, at, strict=True) if CRISIS_HOUR + 0.75 <= hour <= CRISIS_HOUR + 2.75]
    assert len(flood) == 180
    assert 100 <= len({one.text.author for one in flood}) <= 140
    assert 0.85 <= sum(one.stance == "negative" for one in flood) / len(flood) <= 0.9


def test_the_crisis_goes_from_rumours_of_withdrawals_over_the_newswire_to_fraud_and_regulators(
    once: list[Planned],
) -> None:
    crisis = sorted(of(once, Part.CRISIS), key=lambda one: one.text.published_at)
    assert {one.topic for one in crisis[:10]} == {"liquidity"}
    assert "newswire" not in {one.text.source for one in crisis[:8]}
    first, rest = crisis[:50], crisis[100:]
    share = {
        topic: [sum(one.topic == topic for one in part) / len(part) for part in (first, rest)]
        for topic in ("liquidity", "fraud", "litigation_regulation")
    }
    assert share["liquidity"][0] > 0.6 > share["liquidity"][1]
    assert share["fraud"][1] > share["fraud"][0]
    assert share["litigation_regulation"][1] > share["litigation_regulation"][0]


def test_the_bank_is_no_worse_spoken_of_than_others_before_its_crisis(once: list[Planned]) -> None:
    before = [one for one in once if one.entity == CRISIS_ENTITY and one.part is Part.EVERYDAY]
    assert max(hours(before)) < CRISIS_HOUR
    assert len(before) > 80
    assert sum(one.stance == "negative" for one in before) / len(before) < 0.4


def test_the_good_news_is_of_many_authors_and_nearly_all_good(once: list[Planned]) -> None:
    good = of(once, Part.GOOD_NEWS)
    assert {one.entity for one in good} == {GOOD_NEWS_ENTITY}
    assert len(good) == 60
    assert len({one.text.author for one in good}) >= 45
    assert GOOD_NEWS_HOUR <= min(hours(good)) < max(hours(good)) <= GOOD_NEWS_HOUR + 2.5
    assert sum(one.stance == "positive" for one in good) >= 54


def test_one_author_shouts_fifty_versions_of_one_complaint(once: list[Planned]) -> None:
    shouted = of(once, Part.SHOUT)
    assert {one.entity for one in shouted} == {SHOUTED_ENTITY}
    assert len({one.text.author for one in shouted}) == 1
    assert len(shouted) == 50
    assert len({one.text.text for one in shouted}) >= 45
    assert SHOUT_HOUR <= min(hours(shouted)) < max(hours(shouted)) <= SHOUT_HOUR + 2


def test_the_nights_are_quieter_than_the_days(once: list[Planned]) -> None:
    everyday = hours(of(once, Part.EVERYDAY))
    night = sum(hour % 24 < 6 for hour in everyday)
    day = sum(9 <= hour % 24 < 15 for hour in everyday)
    assert night * 4 < day


def test_the_watchlist_names_ten_companies_in_both_languages_with_tickers_and_codes_that_no_exchange_gives() -> None:
    entities = yaml.safe_load(watchlist_path().read_text(encoding="utf-8"))["entities"]
    assert len(entities) == 10
    aliases = [alias for entity in entities for alias in entity["aliases"]]
    assert len(set(aliases)) == len(aliases)
    for entity in entities:
        assert set(entity) == {"id", "name", "aliases"}
        assert any(alias.isascii() and alias[0].isalpha() for alias in entity["aliases"])
        assert any(not alias.isascii() for alias in entity["aliases"])
        assert sum(alias.startswith("$") for alias in entity["aliases"]) == 1
    codes = [alias for alias in aliases if alias.endswith((".SH", ".SZ"))]
    assert all(code.startswith(("609", "009")) for code in codes)
    assert {CRISIS_ENTITY, GOOD_NEWS_ENTITY, SHOUTED_ENTITY} <= {entity["id"] for entity in entities}


def test_some_texts_hold_addresses_and_numbers_that_belong_to_nobody(once: list[Planned]) -> None:
    texts = [one.text.text for one in once]
    assert sum("@example.com" in text for text in texts) >= 2
    assert sum("1420" in text or "555-01" in text for text in texts) >= 2

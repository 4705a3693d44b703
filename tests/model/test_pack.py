"""Packs: label order, batches, long texts, deciding words, damaged files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from groundswell.errors import FatalError
from model.adapter import read
from model.card import STANCES, Conformal, read_card
from model.encoder import plan
from model.folders import pack_folders
from model.pack import Pack, Prediction, kept_topics

MakePack = Callable[..., Path]
Card = dict[str, Any]
TEXTS = ["good sales", "bad bank fraud " * 9, "好公司", "x", "fine , profit rise fall", "坏 造假 " * 4, "the bank"]


@pytest.fixture
def pack(make_pack: MakePack, card: Card, tmp_path: Path) -> Pack:
    """A pack over the tiny base."""
    return Pack.load(make_pack(card), tmp_path)


def test_stance_probabilities_sum_to_one(pack: Pack) -> None:
    assert [sum(prediction.stance) for prediction in pack.predict(TEXTS)] == [pytest.approx(1)] * len(TEXTS)


def test_every_topic_that_the_card_maps_has_a_probability(pack: Pack) -> None:
    assert set(pack.predict(["good"])[0].topics) == {"earnings", "liquidity", "fraud", "general"}


def test_finer_labels_carry_the_name_of_their_group(pack: Pack) -> None:
    labels = pack.predict(["good"])[0].labels
    assert set(labels) == {"news/sales", "news/bank", "news/home", "event/forged", "event/none"}


def test_no_texts_give_no_predictions(pack: Pack) -> None:
    assert pack.predict([]) == []


def same(one: Prediction, other: Prediction) -> bool:
    """Whether two predictions agree to 1e-3."""
    close = np.allclose(one.stance, other.stance, atol=1e-3)
    topics = all(abs(one.topics[topic] - other.topics[topic]) < 1e-3 for topic in one.topics)
    return close and topics and one.topic_set == other.topic_set


def test_a_text_reads_the_same_alone_and_in_any_batch(pack: Pack) -> None:
    together = pack.predict(TEXTS)
    assert all(same(found, pack.predict([text])[0]) for text, found in zip(TEXTS, together, strict=True))


def test_sixty_three_short_texts_and_a_long_one_are_answered_in_order(pack: Pack) -> None:
    texts = ["ok"] * 40 + ["bad " * 512] + ["ok"] * 23
    found = pack.predict(texts)
    assert len(found) == 64
    assert same(found[40], pack.predict(["bad " * 512])[0])
    assert all(same(found[i], found[0]) for i in range(64) if i != 40)


def test_the_last_sentence_of_a_long_text_is_read(pack: Pack) -> None:
    start = "good sales " * 100
    calm, warned = pack.predict([start + "fine . " * 20, start + "fraud . " * 20])
    assert abs(calm.stance[0] - warned.stance[0]) > 1e-3
    assert not warned.truncated


def test_a_text_longer_than_all_pieces_is_marked_as_truncated(pack: Pack) -> None:
    assert pack.predict(["good sales " * 500])[0].truncated


def test_the_words_are_at_most_three_of_the_text_and_no_signs(pack: Pack) -> None:
    words = pack.predict(["Sales , profit - fraud ' rise . $ bank"])[0].words
    assert 1 <= len(words) <= 3
    assert set(words) <= {"Sales", "profit", "fraud", "rise", "bank"}


def test_neighbouring_chinese_characters_become_one_short_run(pack: Pack) -> None:
    words = pack.predict(["公司利润造假股涨跌"])[0].words
    assert any(len(word) > 1 for word in words)
    assert all(word in "公司利润造假股涨跌" and len(word) <= 5 for word in words)


def test_a_word_in_pieces_is_told_whole(pack: Pack) -> None:
    found = {word for text in ("falling goods banks", "banks", "goods falling") for word in pack.predict([text])[0].words}
    assert found <= {"falling", "goods", "banks"}


def test_what_tokens_add_is_exactly_the_logit(pack: Pack) -> None:
    (reading,) = pack._read(["good bank , 坏 公 司"])
    (state,) = reading.states
    bias = pack._heads.layers["stance"].bias
    assert isinstance(bias, torch.Tensor)
    logits = pack.logits(["good bank , 坏 公 司"])["stance"][0]
    assert state.shares.mean(axis=0) + bias.detach().numpy() == pytest.approx(logits, abs=1e-5)


def test_labels_follow_the_card_and_not_positions(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    before = Pack.load(make_pack(card), tmp_path).predict(["good"])[0].labels
    card["groups"][2]["labels"] = ["none", "forged"]
    after = Pack.load(make_pack(card), tmp_path).predict(["good"])[0].labels
    assert after["event/none"] == pytest.approx(before["event/forged"], abs=1e-3)


@pytest.mark.parametrize("label", ["LABEL_0", "label_12", "3"])
def test_a_label_that_is_a_position_is_refused(make_pack: MakePack, card: Card, label: str) -> None:
    card["groups"][1]["labels"][2] = label
    with pytest.raises(FatalError, match=f"label {label} of group news is a position"):
        make_pack(card)


def test_a_label_mapped_to_an_unknown_topic_is_refused(make_pack: MakePack, card: Card) -> None:
    card["groups"][1]["topics"]["sales"] = ["weather"]
    with pytest.raises(FatalError, match="maps to weather, which the taxonomy does not know"):
        make_pack(card)


def test_a_label_may_be_mapped_to_a_topic_that_the_pack_brings(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    folder = make_pack(card)
    plan = {"en": ["Look out."], "zh": ["看天。"]}
    topic = {"id": "weather", "en": "Weather", "zh": "天气", "note": "Storms.", "plan": plan}
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump({"topics": [topic]}), "utf-8")
    card["groups"][1]["topics"]["sales"] = ["weather"]
    assert "weather" in Pack.load(make_pack(card), tmp_path).predict(["good"])[0].topics


def test_a_card_without_a_stance_head_is_refused(make_pack: MakePack, card: Card) -> None:
    card["groups"][0]["labels"] = ["positive", "neutral", "negative"]
    with pytest.raises(FatalError, match="there must be a group stance"):
        make_pack(card)


def test_an_unknown_field_of_a_card_is_named(make_pack: MakePack, card: Card) -> None:
    card["colour"] = "blue"
    with pytest.raises(FatalError, match=r"card\.yaml: colour"):
        make_pack(card)


def test_a_canned_sentence_that_is_read_wrong_stops_the_start(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    folder = make_pack(card)
    stance = Pack.load(folder, tmp_path).predict(["good"])[0].stance
    wrong = ["negative", "neutral", "positive"][int(np.argmin(stance))]
    card["self_test"] = [{"text": "good", "stance": wrong}]
    with pytest.raises(FatalError, match=rf"self-test failed: 'good' reads as .* not as {wrong}"):
        Pack.load(make_pack(card), tmp_path)


def test_a_lost_head_stops_the_start(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    folder = make_pack(card)
    (folder / "heads.safetensors").unlink()
    with pytest.raises(FatalError, match=r"heads\.safetensors cannot be read"):
        Pack.load(folder, tmp_path)


def test_a_damaged_adapter_stops_the_start_in_one_line(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    folder = make_pack(card)
    path = folder / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FatalError, match=r"adapter\.safetensors cannot be read") as caught:
        Pack.load(folder, tmp_path)
    assert "\n" not in str(caught.value)


def test_heads_of_another_card_stop_the_start(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    folder = make_pack(card)
    written = (folder / "card.yaml").read_text("utf-8").replace("- home\n", "- home\n  - more\n")
    (folder / "card.yaml").write_text(written, "utf-8")
    with pytest.raises(FatalError, match="heads do not fit its card"):
        Pack.load(folder, tmp_path)


def test_a_pack_is_stored_in_half_precision(make_pack: MakePack, card: Card) -> None:
    folder = make_pack(card)
    stored = [*read(folder, "adapter").values(), *read(folder, "heads").values()]
    assert {tensor.dtype for tensor in stored} == {torch.float16}


def test_topics_over_the_threshold_are_kept_most_probable_first() -> None:
    assert kept_topics({"fraud": 0.4, "energy": 0.7, "macro": 0.1}, Conformal(threshold=0.3)) == ("energy", "fraud")


def test_a_topic_that_has_a_threshold_of_its_own_is_kept_by_that() -> None:
    conformal = Conformal(threshold=0.3, topics={"energy": 0.8, "macro": 0.05})
    assert kept_topics({"fraud": 0.4, "energy": 0.7, "macro": 0.1}, conformal) == ("fraud", "macro")


def test_the_most_probable_topic_is_kept_when_none_is_over_the_threshold() -> None:
    assert kept_topics({"fraud": 0.2, "energy": 0.1}, Conformal(threshold=0.3)) == ("fraud",)


def test_a_pack_without_topics_reads_everything_as_general() -> None:
    assert kept_topics({}, Conformal(threshold=0.3)) == ("general",)


def test_a_pack_tells_the_stances_that_its_card_keeps(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    card["stance_sets"] = {"threshold": 0.0, "rows": 9}
    every = Pack.load(make_pack(card), tmp_path).predict(["good"])[0]
    ranked = sorted(zip(every.stance, STANCES, strict=True), reverse=True)
    assert every.stance_set == tuple(name for _, name in ranked)


def test_a_pack_whose_card_has_no_sets_of_stances_tells_none(make_pack: MakePack, card: Card, tmp_path: Path) -> None:
    assert Pack.load(make_pack(card), tmp_path).predict(["good"])[0].stance_set == ()


def test_at_most_eight_topics_are_kept() -> None:
    assert len(kept_topics({f"topic{i}": 0.5 for i in range(20)}, Conformal(threshold=0.1))) == 8


def test_batches_keep_to_their_budget_and_hold_each_text_once() -> None:
    lengths = [5, 900, 7, 3, 60, 61, 5]
    batches = list(plan(lengths, 200))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 200 or len(batch) == 1 for batch in batches)


def test_a_pack_ships_for_chinese_and_for_english() -> None:
    assert set(pack_folders()) == {"en", "zh"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shipped_pack_reads_its_three_canned_sentences(language: str, cache_dir: Path) -> None:
    pack = Pack.load(pack_folders()[language], cache_dir)
    assert pack.language == language
    assert len(pack.card.self_test) == 3
    assert {item.stance for item in pack.card.self_test} == {"negative", "neutral", "positive"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shipped_pack_tells_its_figures_and_stays_small(language: str) -> None:
    folder = pack_folders()[language]
    assert all(figure.command.startswith("groundswell evaluate ") for figure in read_card(folder).figures)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000

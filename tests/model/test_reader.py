"""The reader, with a predictor of canned probabilities, and with the packs that ship."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.messages import Hypothesis, Text
from model.entities import Entity, Watchlist
from model.folders import pack_folders
from model.pack import Pack, Prediction
from model.reader import Reader

NOW = datetime(2024, 11, 25, 9, 30, tzinfo=UTC)
WATCHLIST = Watchlist(
    Entity(id=name.lower(), name=name) for name in ("Apple", "Tesla", "Nvidia", "Boeing", "Oracle", "Starbucks", "贵州茅台")
)
STANCES = {"fell": (0.8, 0.15, 0.05), "rose": (0.05, 0.15, 0.8), "跌": (0.7, 0.2, 0.1)}


shipped_packs = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")


@dataclass
class Canned:
    """A predictor whose stance follows the first word of the market in the text, and whose topics are given."""

    topics: dict[str, float] = field(default_factory=lambda: {"earnings": 0.9, "policy": 0.4})
    neutral: tuple[float, float, float] = (0.1, 0.8, 0.1)
    said: tuple[str, ...] = ("fell",)
    name: str = "canned"
    version: str = "1.2.3"
    calls: list[list[str]] = field(default_factory=list)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.calls.append(list(texts))
        return [self._prediction(text) for text in texts]

    def _prediction(self, text: str) -> Prediction:
        said = [(text.find(word), stance) for word, stance in STANCES.items() if word in text]
        return Prediction(
            stance=min(said)[1] if said else self.neutral,
            topics={**self.topics, "other": 0.01},
            topic_set=tuple(self.topics),
            labels={},
            words=self.said,
            truncated=len(text) > 5_000,
        )


def text(content: str, **fields: str | None) -> Text:
    return Text.model_validate({"text": content, "source": "test", "published_at": NOW, "ingested_at": NOW, **fields})


def read(content: str, predictor: Canned | None = None, **fields: str | None) -> tuple[Hypothesis, ...]:
    predictor = predictor or Canned()
    reader = Reader({"en": predictor, "zh": predictor}, lambda: WATCHLIST, b"key")
    return reader.read([text(content, **fields)])[0].hypotheses


def subjects(hypotheses: Sequence[Hypothesis]) -> list[str]:
    return [str(hypothesis.subject) for hypothesis in hypotheses]


def test_a_text_without_entities_has_one_reading_a_topic() -> None:
    assert subjects(read("Shares fell")) == ["earnings/*", "policy/*"]


def test_a_lone_entity_has_the_topics_of_the_text() -> None:
    found = read("Apple fell")
    assert subjects(found) == ["earnings/*", "earnings/apple", "policy/*", "policy/apple"]
    assert [hypothesis.probability for hypothesis in found] == [0.9, 0.9, 0.4, 0.4]


def test_ranks_count_from_one_and_say_of_how_many() -> None:
    assert [(each.rank, each.of) for each in read("Apple fell")] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_entities_in_one_clause_share_its_weight() -> None:
    found = {str(each.subject): each.probability for each in read("Apple and Tesla fell")}
    assert found["earnings/*"] == 0.9
    assert found["earnings/apple"] == found["earnings/tesla"] == pytest.approx(0.9 / 2**0.5, abs=1e-6)


def test_each_of_several_entities_has_the_stance_of_what_names_it() -> None:
    stances = {each.subject.entity: each.stance for each in read("Apple fell. Tesla rose.")}
    assert stances["apple"].negative == 0.8
    assert stances["tesla"].positive == 0.8
    assert stances[None].negative == 0.8


def test_at_most_four_entities_are_kept_by_first_mention() -> None:
    found = read("Apple, Tesla, Nvidia, Boeing, Oracle and Starbucks fell")
    assert {each.subject.entity for each in found} == {None, "apple", "tesla", "nvidia", "boeing"}


def test_at_most_eight_readings_are_kept() -> None:
    topics = {f"topic{number}": 0.9 - number / 10 for number in range(8)}
    found = read("Apple and Tesla fell", Canned(topics))
    assert len(found) == 8
    assert {"topic0/apple", "topic0/tesla", *(f"topic{number}/*" for number in range(6))} == set(subjects(found))


@given(st.integers(1, 8), st.integers(0, 6), st.randoms(use_true_random=False))
def test_whatever_is_kept_is_ranked_and_leaves_no_kept_entity_out(topics: int, entities: int, random: Random) -> None:
    names = ["Apple", "Tesla", "Nvidia", "Boeing", "Oracle", "Starbucks"][:entities]
    shares = sorted((random.random() for _ in range(topics)), reverse=True)
    found = read(" and ".join([*names, "others"]) + " fell", Canned({f"t{i}": share for i, share in enumerate(shares)}))
    probabilities = [each.probability for each in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    assert 1 <= len(found) == found[0].of <= 8
    assert {each.subject.entity for each in found if each.subject.topic == "t0"} >= {None, *map(str.lower, names[:4])}
    assert sum(each.subject.entity is None for each in found) == min(topics, 8 - min(entities, 4))


def test_stances_are_rounded_and_sum_to_one() -> None:
    stance = read("Rates stay", Canned(neutral=(1 / 3, 1 / 3, 1 / 3)))[0].stance
    assert (stance.negative, stance.neutral, stance.positive) == (0.333334, 0.333333, 0.333333)


def test_a_language_without_a_pack_is_told_but_not_read() -> None:
    predictor = Canned()
    reading = Reader({"en": predictor}, Watchlist, b"key").read([text("ソニーの株価が上昇", url="https://x.y/1")])[0]
    assert (reading.language, reading.hypotheses, reading.words, reading.url) == ("ja", (), (), "https://x.y/1")
    assert predictor.calls == []


def test_each_pack_is_asked_once_a_batch_and_answers_keep_their_order() -> None:
    english, chinese = Canned(name="e"), Canned(name="c")
    reader = Reader({"en": english, "zh": chinese}, lambda: WATCHLIST, b"key")
    texts = [text("Apple fell. Tesla rose."), text("茅台跌"), text("🚀"), text("Rates rose"), text("利好")]
    readings = reader.read(texts)
    assert [reading.text_id for reading in readings] == [each.id for each in texts]
    assert [reading.language for reading in readings] == ["en", "zh", "und", "en", "zh"]
    assert english.calls == [["Apple fell. Tesla rose.", "Apple fell.", "Tesla rose.", "Rates rose"]]
    assert chinese.calls == [["茅台跌", "利好"]]


def test_an_empty_batch_asks_nobody() -> None:
    predictor = Canned()
    assert Reader({"en": predictor}, Watchlist, b"key").read([]) == []
    assert predictor.calls == []


def test_a_text_reads_the_same_alone_and_in_a_batch() -> None:
    reader = Reader({"en": Canned(), "zh": Canned()}, lambda: WATCHLIST, b"key")
    texts = [text("Apple fell. Tesla rose."), text("贵州茅台跌"), text("Apple fell. Tesla rose.", author="a")]
    assert reader.read(texts) == [reader.read([each])[0] for each in texts]


def test_the_title_is_read_with_the_text() -> None:
    predictor = Canned()
    read("The results are out.", predictor, title="Apple fell")
    read("三季报公布", predictor, title="贵州茅台跌")
    assert predictor.calls == [["Apple fell. The results are out."], ["贵州茅台跌。 三季报公布"]]


def test_a_title_that_the_text_repeats_is_read_once() -> None:
    predictor = Canned()
    read("Apple <b>fell</b> today", predictor, title="APPLE fell")
    assert predictor.calls == [["Apple fell today"]]


def test_what_is_stored_is_masked() -> None:
    found = read("Apple fell, call 13812345678 or ir@example.com", author="someone")[0]
    assert found.excerpt == "Apple fell, call [phone] or [mail]"
    assert found.author_hash is not None
    assert "someone" not in found.to_wire().decode()


def test_an_entity_deep_in_a_long_text_is_in_its_excerpt() -> None:
    found = read("Rates went up again. " * 40 + "Apple fell today. " + "Rates went up again. " * 40)
    excerpts = {each.subject.entity: each.excerpt for each in found}
    assert "Apple fell today." in excerpts["apple"]
    assert "Apple" not in excerpts[None]
    assert all(len(each) <= 200 for each in excerpts.values())


def test_a_hypothesis_carries_what_its_text_and_pack_say() -> None:
    found = read("Apple fell", source="wire", lang="en")[0]
    assert (found.source, found.lang, found.model, found.truncated) == ("wire", "en", "canned@1.2.3", False)
    assert (found.published_at, found.ingested_at, found.author_hash) == (NOW, NOW, None)


def test_a_text_cut_short_says_so() -> None:
    assert all(each.truncated for each in read("Apple fell. " * 500))


def test_copies_carry_one_story() -> None:
    assert read("Apple fell!")[0].story == read("APPLE fell 🚀 https://t.co/x")[0].story


def test_the_deciding_words_are_passed_on() -> None:
    reader = Reader({"en": Canned()}, lambda: WATCHLIST, b"key")
    assert reader.read([text("Apple fell")])[0].words == ("fell",)


def test_no_deciding_word_is_part_of_a_masked_number_a_link_or_a_handle() -> None:
    reader = Reader({"en": Canned(said=("fell", "13812345678", "3812", "link", "user"))}, lambda: WATCHLIST, b"key")
    assert reader.read([text("@b Apple fell, call 13812345678 https://x.y")])[0].words == ("fell",)


def test_a_changed_watchlist_counts_from_the_next_batch() -> None:
    lists = iter([Watchlist(), WATCHLIST])
    reader = Reader({"en": Canned()}, lambda: next(lists), b"key")
    seen = [{each.subject.entity for each in reader.read([text("Apple fell")])[0].hypotheses} for _ in range(2)]
    assert seen == [{None}, {None, "apple"}]


@given(st.text(min_size=1), st.text() | st.none())
def test_any_text_is_read_without_a_crash(content: str, title: str | None) -> None:
    for hypothesis in read(content, title=title):
        assert Hypothesis.from_wire(hypothesis.to_wire()) == hypothesis


@pytest.fixture(scope="module")
def shipped(cache_dir: Path) -> Reader:
    packs = {language: Pack.load(folder, cache_dir) for language, folder in pack_folders().items()}
    return Reader(packs, lambda: WATCHLIST, b"key")


@shipped_packs
def test_the_shipped_packs_read_chinese_and_english(shipped: Reader) -> None:
    texts = [text("Apple shares plunge after a profit warning"), text("贵州茅台业绩大幅下滑,股价暴跌,投资者损失惨重")]
    for reading, name in zip(shipped.read(texts), ("apple", "贵州茅台"), strict=True):
        assert reading.hypotheses[0].stance.negative > 0.5
        assert name in {each.subject.entity for each in reading.hypotheses}


@shipped_packs
def test_a_shipped_pack_reads_a_text_the_same_alone_and_in_a_batch(shipped: Reader) -> None:
    texts = [text("Apple fell. Tesla rose."), text("ok"), text("Rates stay where they are, says the bank. " * 40)]
    for together, alone in zip(shipped.read(texts), [shipped.read([each])[0] for each in texts], strict=True):
        assert subjects(together.hypotheses) == subjects(alone.hypotheses)
        for one, other in zip(together.hypotheses, alone.hypotheses, strict=True):
            assert one.probability == pytest.approx(other.probability, abs=1e-3)
            assert one.stance.negative == pytest.approx(other.stance.negative, abs=1e-3)


@shipped_packs
@pytest.mark.parametrize(
    "content",
    ["S&amp;amp;P \ud83d fell", "👨‍👩‍👧‍👦 all in", "\u202eevil\u202c stock\x00", "利\u200b好" * 3000, "🚀\x00", "<b>"],
)
def test_the_shipped_packs_read_bad_characters(shipped: Reader, content: str) -> None:
    for each in shipped.read([text(content)])[0].hypotheses:
        assert Hypothesis.from_wire(each.to_wire()) == each

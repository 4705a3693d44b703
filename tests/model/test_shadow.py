"""Shadow packs: measured on the same texts each time, never heard, harmless when they fail."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from groundswell.messages import Text
from model.entities import Watchlist
from model.pack import Prediction
from model.reader import Predictor, Reader, Seen
from model.shadow import WAITING, Shadow, is_chosen

NEGATIVE, POSITIVE = (0.8, 0.15, 0.05), (0.1, 0.2, 0.7)


class Canned:
    """A predictor to which every text has one stance and one topic."""

    name, version = "canned", "1"

    def __init__(self, stance: tuple[float, float, float] = NEGATIVE, topic: str = "earnings") -> None:
        self.stance, self.topic = stance, topic

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [Prediction(self.stance, {self.topic: 0.9}, (self.topic,), {}, (), truncated=False) for _ in texts]


class Broken(Canned):
    """A predictor that fails always."""

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        raise ValueError(texts[0])


class Stuck(Canned):
    """A predictor that waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.go.wait(60)
        return super().predict(texts)


def seen(count: int, pack: Canned | None = None) -> list[Seen]:
    (prediction,) = (pack or Canned()).predict([""])
    return [Seen(f"t{number}", f"text {number}", prediction) for number in range(count)]


def lost(reason: str) -> float:
    return REGISTRY.get_sample_value("groundswell_shadow_lost_total", {"language": "en", "reason": reason}) or 0.0


def missing() -> Predictor:
    raise OSError


def test_a_share_of_the_texts_is_chosen() -> None:
    chosen = sum(is_chosen(f"t{number}", 0.1) for number in range(10_000))
    assert 900 < chosen < 1_100


def test_the_same_texts_are_chosen_each_time_and_more_of_them_by_a_larger_share() -> None:
    few = {number for number in range(1_000) if is_chosen(f"t{number}", 0.1)}
    more = {number for number in range(1_000) if is_chosen(f"t{number}", 0.3)}
    assert few == {number for number in range(1_000) if is_chosen(f"t{number}", 0.1)}
    assert few < more


def test_all_texts_are_chosen_by_a_share_of_one() -> None:
    assert all(is_chosen(f"t{number}", 1.0) for number in range(1_000))


def test_agreement_is_measured() -> None:
    shadow = Shadow("en", lambda: Canned(POSITIVE), 1.0)
    shadow.observe(seen(10))
    shadow.wait()
    found = shadow.agreement
    assert (found.texts, found.stance, found.topic) == (10, 0, 10)
    assert found.gap == pytest.approx(7.0)


def test_another_first_topic_is_no_agreement() -> None:
    shadow = Shadow("en", lambda: Canned(topic="fraud"), 1.0)
    shadow.observe(seen(10))
    shadow.wait()
    assert (shadow.agreement.stance, shadow.agreement.topic) == (10, 0)


@pytest.mark.parametrize("load", [Broken, missing], ids=["reading", "loading"])
def test_a_shadow_that_fails_is_counted_and_harms_nothing(load: Callable[[], Predictor]) -> None:
    before = lost("failed")
    shadow = Shadow("en", load, 1.0)
    shadow.observe(seen(10))
    shadow.wait()
    assert lost("failed") == before + 10


def test_a_shadow_that_cannot_keep_up_holds_nobody_back() -> None:
    pack, before = Stuck(), lost("busy")
    shadow = Shadow("en", lambda: pack, 1.0)
    for _ in range(WAITING + 5):
        shadow.observe(seen(1))
    assert lost("busy") >= before + 4
    pack.go.set()
    shadow.wait()


def test_what_the_shadow_reads_is_never_heard() -> None:
    now = datetime(2024, 11, 25, 9, 30, tzinfo=UTC)
    texts = [Text(text=f"the shares fell {number}", source="wire", published_at=now, ingested_at=now) for number in range(5)]
    shadow = Shadow("en", lambda: Canned(POSITIVE, "fraud"), 1.0)
    alone = Reader({"en": Canned()}, Watchlist, b"key").read(texts)
    beside = Reader({"en": Canned()}, Watchlist, b"key", {"en": shadow.observe}).read(texts)
    shadow.wait()
    assert beside == alone
    assert shadow.agreement.texts == 5

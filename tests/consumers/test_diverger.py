"""The diverger over lists, with a reader whose pack gives canned answers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from consumers.diverger import Diverger
from consumers.headers import ENTITIES_HEADER, OBSERVED_HEADER, URL_HEADER, WORDS_HEADER
from consumers.keys import key_of
from groundswell.clock import ManualClock
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import Hypothesis, Message, Subject, Text, Watermark
from groundswell.settings import EventTimeSettings
from groundswell.stage import Result
from model.entities import Entity, Watchlist
from model.pack import Prediction
from model.reader import Reader

NOW = datetime(2024, 11, 25, 10, 0, tzinfo=UTC)
TOPICS = Topics("test")
WATCHLIST = Watchlist([Entity(id="apple", name="Apple")])

AsRecord = Callable[..., Record]


class Canned:
    """A predictor to which every text is negative and about earnings."""

    name = "canned"
    version = "1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        return [Prediction((0.8, 0.15, 0.05), {"earnings": 0.9}, ("earnings",), {}, ("fell",), truncated=False) for _ in texts]


def diverger(settings: EventTimeSettings | None = None, clock: ManualClock | None = None) -> Diverger:
    reader = Reader({"en": Canned()}, lambda: WATCHLIST, b"key")
    return Diverger(reader, TOPICS, (2, 3), settings or EventTimeSettings(), clock or ManualClock(NOW))


def text(content: str, minutes: float = 0, ahead: timedelta = timedelta(0)) -> Text:
    """A text that arrived so many minutes past ten, and claims to be from so much after that."""
    arrived = NOW + timedelta(minutes=minutes)
    return Text(text=content, source="wire", published_at=arrived + ahead, ingested_at=arrived, url="https://example.org/1")


@pytest.fixture(scope="session")
def batch(as_record: AsRecord) -> Callable[..., list[Record]]:
    """Messages as the records of a partition."""

    def make(*messages: Message, partition: int = 0) -> list[Record]:
        return [as_record(Output.of(TOPICS.texts, "k", message), at, partition) for at, message in enumerate(messages)]

    return make


def observed(output: Output) -> float:
    return float(output.headers[OBSERVED_HEADER])


def marks(outputs: Sequence[Output]) -> list[tuple[int | None, int, int, datetime]]:
    found = [(output.partition, Watermark.from_wire(output.value)) for output in outputs]
    return [(target, mark.partition, mark.of, mark.time) for target, mark in found]


def lag(result: Result) -> list[float]:
    """How late each hypothesis is, seconds."""
    return [observed(output) - Hypothesis.from_wire(output.value).published_at.timestamp() for output in result.outputs]


def test_hypotheses_go_by_entity_or_else_by_topic(batch: Callable[..., list[Record]]) -> None:
    result = diverger().process(batch(text("Apple fell today")), {})
    assert {(output.topic, output.key) for output in result.outputs} == {
        (TOPICS.hypotheses, b"apple"),
        (TOPICS.hypotheses, b"topic:earnings"),
    }


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        (Subject(topic="fraud", entity="apple"), "apple"),
        (Subject(entity="apple"), "apple"),
        (Subject(topic="fraud"), "topic:fraud"),
    ],
)
def test_all_that_is_read_of_an_entity_has_one_key(
    hypothesis_of: Callable[..., Hypothesis], subject: Subject, key: str
) -> None:
    assert key_of(hypothesis_of(1, 0, subject=subject)) == key


def test_address_and_deciding_words_travel_in_headers(batch: Callable[..., list[Record]]) -> None:
    output = diverger().process(batch(text("Shares fell today")), {}).outputs[0]
    assert (output.headers[URL_HEADER], output.headers[WORDS_HEADER]) == (b"https://example.org/1", b'["fell"]')


def test_every_reading_of_a_text_is_told_its_entities(batch: Callable[..., list[Record]]) -> None:
    found = diverger().process(batch(text("Apple fell today"), text("Shares fell today")), {}).outputs
    named = [Hypothesis.from_wire(one.value).subject.entity for one in found]
    assert named == [None, "apple", None]
    assert [one.headers.get(ENTITIES_HEADER) for one in found] == [b'["apple"]', b'["apple"]', None]


def test_the_watermark_follows_into_every_partition_of_hypotheses(batch: Callable[..., list[Record]]) -> None:
    result = diverger().process(batch(text("Shares fell", 5), partition=1), {})
    assert marks(result.after) == [(target, 1, 2, NOW + timedelta(minutes=4)) for target in range(3)]


def test_a_batch_without_any_event_time_sends_no_watermark() -> None:
    result = diverger().process([Record(TOPICS.texts, 0, 0, None, b"oops", 0)], {})
    assert (result.outputs, result.after) == ([], [])


def test_no_text_counts_before_the_watermark_that_went_ahead_of_it(batch: Callable[..., list[Record]]) -> None:
    stage = diverger()
    first = stage.process(batch(text("Shares fell", 30)), {})
    sent = Watermark.from_wire(first.after[0].value).time.timestamp()
    second = stage.process(batch(text("Shares fell again", 3), text("Shares fell more", 30.5)), first.notes)
    assert all(observed(output) >= sent for output in second.outputs)
    assert lag(second) == [26 * 60, 0]


def test_the_same_batch_and_notes_give_the_same_outputs(batch: Callable[..., list[Record]]) -> None:
    records = batch(text("Apple fell", 1), text("Shares fell", 2, timedelta(days=1)), text("Apple fell again", 0))
    one, other = diverger(), diverger()
    notes = one.process(batch(text("Rates fell")), {}).notes
    results = [one.process(records, notes), one.process(records, notes), other.process(records, notes)]
    assert len({repr((each.outputs, each.after, each.notes)) for each in results}) == 1


def test_one_text_at_a_time_gives_the_same_outputs_as_all_at_once(batch: Callable[..., list[Record]]) -> None:
    records = batch(*(text(f"Shares fell {number}", number * 7 % 10) for number in range(10)))
    whole = diverger().process(records, {})
    notes: dict[int, str] = {}
    single: list[Output] = []
    stage = diverger()
    for record in records:
        result = stage.process([record], notes)
        notes = dict(result.notes)
        single += list(result.outputs)
    assert single == list(whole.outputs)
    assert notes == whole.notes


def test_watermarks_of_a_replay_move_event_time_on(batch: Callable[..., list[Record]]) -> None:
    mark = Watermark(partition=0, of=2, time=NOW + timedelta(hours=9))
    result = diverger().process(batch(text("Shares fell"), mark), {})
    assert marks(result.after)[0] == (0, 0, 2, mark.time)


def test_a_text_dated_tomorrow_makes_no_other_late(batch: Callable[..., list[Record]]) -> None:
    honest = [text(f"Shares fell {number}", 3 + number) for number in range(10)]
    records = batch(text("a", 0), text("b", 2), text("c", 2.5, timedelta(days=1)), *honest)
    assert lag(diverger().process(records, {}))[3:] == [0.0] * 10


def test_texts_dated_tomorrow_on_arrival_too_make_no_other_late(batch: Callable[..., list[Record]]) -> None:
    tomorrow = text("c", 24 * 60)
    honest = [text(f"Shares fell {number}", 3 + number) for number in range(10)]
    records = batch(text("a", 0), text("b", 2), tomorrow, *honest)
    assert lag(diverger().process(records, {}))[3:] == [0.0] * 10


def test_a_quiet_partition_follows_the_clock_less_the_allowed_lateness() -> None:
    clock = ManualClock(NOW)
    stage = diverger(clock=clock)
    assert marks(stage.tick({0: 31.0, 1: 29.0}, {}).after) == [
        (target, 0, 2, NOW - timedelta(seconds=60)) for target in range(3)
    ]


def test_a_quiet_partition_is_told_of_once_a_second_at_most() -> None:
    clock = ManualClock(NOW)
    stage = diverger(clock=clock)
    counts = []
    for _ in range(8):
        counts.append(len(stage.tick({0: 60.0}, {}).after))
        clock.advance(timedelta(seconds=0.25))
    assert counts == [3, 0, 0, 0, 3, 0, 0, 0]


def test_without_a_time_limit_a_quiet_partition_stays_where_it_is() -> None:
    assert diverger(EventTimeSettings(idle_timeout=None)).tick({0: 1e6}, {}) == Result()


def test_poison_is_told_as_a_failure_and_the_good_records_beside_it_are_read(batch: Callable[..., list[Record]]) -> None:
    good = batch(text("Shares fell"))[0]
    values = [b"\xff{oops", None, b"[]", b'{"title": "no text"}', b'{"text": "' + b"x" * 2_000_000 + b'"}']
    bad = [Record(TOPICS.texts, 0, 1 + at, None, value, 0, good.headers) for at, value in enumerate(values)]
    result = diverger().process([good, *bad, *batch(text("Rates fell", 1))], {})
    assert [failure.record for failure in result.failures] == bad
    assert len(result.outputs) == 2


def test_a_text_in_a_language_without_a_pack_moves_event_time_but_raises_no_hypothesis(
    batch: Callable[..., list[Record]],
) -> None:
    result = diverger().process(batch(text("ソニーの株価が上昇した", 5)), {})
    assert result.outputs == []
    assert marks(result.after)[0][3] == NOW + timedelta(minutes=4)


def test_changed_packs_take_over_between_batches_and_never_between_two_tries_of_one(batch: Callable[..., list[Record]]) -> None:
    calls: list[None] = []
    reader = Reader({"en": Canned()}, lambda: WATCHLIST, b"key")
    stage = Diverger(reader, TOPICS, (2, 3), EventTimeSettings(), ManualClock(NOW), chores=[lambda: calls.append(None)])
    stage.process(batch(text("Apple fell today")), {})
    assert not calls
    stage.tick({}, {})
    assert len(calls) == 1

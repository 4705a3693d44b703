"""Judging: predictions beside right labels, of the sets of a recipe and of the users' own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundswell.errors import FatalError
from model.card import Card
from model.judge.answers import judge, judged
from model.judge.figures import figures
from model.judge.labelled import labels_of, language_of, read_set
from model.pack import Pack, Prediction

MakeData = Callable[..., Path]


def predicted(**changes: Any) -> Prediction:
    plain: dict[str, Any] = {"stance": (0.1, 0.1, 0.8), "topics": {"fraud": 0.9}, "topic_set": ("fraud",), "labels": {}}
    return Prediction(**{**plain, "words": (), "truncated": False, **changes})


@pytest.fixture
def own(tmp_path: Path, card: dict[str, Any]) -> Callable[..., Any]:
    """The users' own set from rows."""

    def read(*rows: dict[str, Any]) -> Any:
        path = tmp_path / "own_eval.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_set(Card.model_validate(card), path, "own")

    return read


def test_a_set_of_stances_is_judged_by_the_stance(pack: Pack, make_data: MakeData) -> None:
    folder = make_data(posts=[{"text": "good", "sentiment": "positive"}, {"text": "bad", "sentiment": "negative"}])
    found = judge(pack, read_set(pack.card, folder / "posts_train.jsonl", "posts"))
    predictions = pack.predict(["good", "bad"])
    assert found.main.shares.tolist() == [list(one.stance) for one in predictions]
    assert (found.main.head, found.main.right.tolist()) == ("stance", [[False, False, True], [True, False, False]])


def test_a_set_of_events_is_judged_by_its_labels_and_by_the_topics_they_mean(pack: Pack, make_data: MakeData) -> None:
    folder = make_data(events=[{"text": "fraud", "event": "forged"}, {"text": "calm", "event": "none"}])
    found = judge(pack, read_set(pack.card, folder / "events_train.jsonl", "events"))
    assert [answers.head for answers in found.answers] == ["event", "topic"]
    assert found.answers[1].labels == ("fraud", "general")
    assert found.answers[1].right.tolist() == [[True, False], [False, True]]
    assert figures(found).event_accuracy == figures(found).topic_accuracy


def test_sets_cover_where_they_hold_all_right_topics(own: Callable[..., Any]) -> None:
    labelled = own(
        {"text": "a", "topics": ["fraud"]}, {"text": "b", "topics": ["fraud", "earnings"]}, {"text": "c", "stance": "neutral"}
    )
    found = judged(labelled, [predicted(topic_set=("fraud", "macro")), predicted(), predicted()])
    assert (found.covered.tolist(), found.set_sizes.tolist()) == ([True, False], [2, 1])


def test_sets_of_stances_are_judged_where_no_topics_are_labelled(own: Callable[..., Any]) -> None:
    labelled = own({"text": "a", "stance": "positive"}, {"text": "b", "stance": "neutral"})
    found = judged(labelled, [predicted(stance_set=("positive", "neutral")), predicted(stance_set=("positive",))])
    assert (found.covered.tolist(), found.set_sizes.tolist()) == ([True, False], [2, 1])
    assert (figures(found).coverage, figures(found).mean_set_size, figures(found).sets_of) == (0.5, 1.5, "stance")


def test_sets_of_topics_are_judged_where_topics_are_labelled_too(own: Callable[..., Any]) -> None:
    labelled = own({"text": "a", "stance": "positive"}, {"text": "b", "topics": ["fraud"]})
    found = judged(labelled, [predicted(stance_set=("neutral",)), predicted(stance_set=("neutral",))])
    assert (found.set_rows.tolist(), found.covered.tolist()) == ([1], [True])
    assert figures(found).sets_of == "topic"


def test_a_pack_that_tells_no_sets_of_stances_has_no_coverage_of_them(own: Callable[..., Any]) -> None:
    found = figures(judged(own({"text": "a", "stance": "positive"}), [predicted()]))
    assert (found.coverage, found.mean_set_size) == (None, None)


def test_own_labels_are_measured_where_they_are_said(own: Callable[..., Any]) -> None:
    labelled = own({"text": "a", "stance": "positive"}, {"text": "b", "topics": "fraud"}, {"text": "c", "skipped": True})
    found = figures(judged(labelled, [predicted(), predicted(truncated=True)]))
    assert (found.n, found.stance_accuracy, found.topic_accuracy, found.topic_micro_f1) == (2, 1.0, 1.0, 1.0)
    assert (found.coverage, found.mean_set_size, found.truncated) == (1.0, 1.0, 1)


def test_a_topic_that_a_pack_cannot_tell_is_missed(own: Callable[..., Any]) -> None:
    found = judged(own({"text": "a", "topics": ["health"]}), [predicted()])
    assert figures(found).topic_accuracy == 0


def test_labels_that_follow_from_alerts_measure_nothing(own: Callable[..., Any]) -> None:
    with pytest.raises(FatalError, match="no text in en with a stance or topics that a person gave"):
        own({"text": "a", "stance": "negative", "weight": 0.2})


def test_texts_that_the_pack_would_not_be_given_are_left_out(own: Callable[..., Any]) -> None:
    labelled = own({"text": "rise", "stance": "positive"}, {"text": "股价大涨", "stance": "positive"})
    assert (labelled.texts, labelled.left_out) == (("rise",), 1)


def test_labels_that_the_pack_does_not_know_are_refused(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="'weather' is no set of pack tiny; it knows posts, events, own"):
        read_set(pack.card, tmp_path / "x.jsonl", "weather")


def test_an_empty_file_is_refused(pack: Pack, make_data: MakeData) -> None:
    with pytest.raises(FatalError, match="is empty"):
        read_set(pack.card, make_data(posts=[]) / "posts_train.jsonl", "posts")


def test_a_file_tells_its_set_by_how_its_name_begins(pack: Pack) -> None:
    assert labels_of(Path("events_valid_unseen.jsonl"), pack.card) == "events"
    assert labels_of(Path("own_eval.jsonl"), pack.card) == "own"
    with pytest.raises(FatalError, match="say which with --labels"):
        labels_of(Path("weather.jsonl"), pack.card)


def test_own_texts_tell_their_language(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"text": "shares rise"}\n{"text": "股价大涨"}\n{"text": "股价大跌"}\n')
    assert language_of(path, {"zh": 1, "en": 1}) == "zh"
    with pytest.raises(FatalError, match="most of its texts are in zh, which no pack in use reads"):
        language_of(path, {"en": 1})


def test_answers_keep_to_the_texts_they_are_of(own: Callable[..., Any]) -> None:
    labelled = own({"text": "a", "topics": ["fraud"]}, {"text": "b", "stance": "positive"})
    found = judged(labelled, [predicted(), predicted()]).only(np.array([False, True]))
    assert [len(answers.rows) for answers in found.answers] == [1, 0]

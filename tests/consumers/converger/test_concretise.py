"""Concretise: a finding becomes an alert that says all of it, and is told anew only when there is more to say."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from consumers.converger import playbook
from consumers.converger.concretise import Context, concretise, revise
from consumers.converger.events import Event
from consumers.converger.refine import Candidate
from consumers.converger.select import Finding
from consumers.converger.severity import severity, worth_telling
from consumers.converger.support import support
from consumers.converger.surge import Surge
from groundswell.messages import AlertKind, Severity
from model import taxonomy

MakeEvent = Callable[..., Event]
NOON = 28_000_020
POST = "云杉银行城南支行今早停办取款业务，储户排队等说法"
TOPICS = taxonomy.load()
CONTEXT = Context(TOPICS, playbook.load(None, TOPICS), {"acme": "云杉银行"}, {"acme": ("云杉", "Tallow Bank")})


def candidate(events: Sequence[Event], subject: str = "*/acme", stance: str = "negative", **surge: Any) -> Candidate:
    plain: dict[str, Any] = {"window": 60, "observed": 30.0, "expected": 3.0, "p_value": 1e-9, "a_day": 1e-7, **surge}
    return Candidate(subject, Surge(stance, **plain), support(events, stance), events)


def finding(*candidates: Candidate, kind: str = "negative_surge") -> Finding:
    return Finding(AlertKind(kind), candidates)


@pytest.fixture
def copies(event: MakeEvent) -> list[Event]:
    """Three hundred copies of one post by as many accounts, some with a full stop or an emoji more."""
    return [event(number, NOON - 300 + number, excerpt=POST + ("", "。", "😡")[number % 3]) for number in range(300)]


def test_three_hundred_copies_are_one_story_and_the_headline_says_so(copies: list[Event]) -> None:
    alert = concretise(finding(candidate(copies)), NOON, CONTEXT, {})
    assert (alert.texts, alert.authors, alert.stories, alert.evidence[0].copies) == (300, 300, 1, 300)
    assert "300 of 300 texts in 1 hour tell one story" in alert.headline.en
    assert "300 条中同一内容 300 条" in alert.headline.zh
    assert alert.hypotheses[0].parts["diversity"] < 0.3


def test_explanations_carry_their_scores_with_the_parts(event: MakeEvent) -> None:
    events = [event(number, NOON) for number in range(15)]
    alert = concretise(finding(candidate(events), candidate(events[:7], "fraud/acme")), NOON, CONTEXT, {})
    lead, other = alert.hypotheses
    assert lead.parts == {"surprise": 9.0, "support": 4.0, "diversity": 0.75, "credibility": 1.0}
    assert lead.score == pytest.approx(27)
    assert str(other.subject) == "fraud/acme"


def test_an_alert_on_an_entity_has_the_plan_of_its_leading_topic(event: MakeEvent) -> None:
    events = [event(number, NOON) for number in range(9)]
    alert = concretise(finding(candidate(events), candidate(events, "fraud/acme")), NOON, CONTEXT, {})
    assert alert.plan == CONTEXT.playbooks.plan("fraud", AlertKind.NEGATIVE_SURGE)
    assert alert.headline.en.startswith("云杉银行 (Fraud and accounting manipulation): ")


def test_keywords_are_told_against_the_past_and_where_it_is_thin_against_others(event: MakeEvent) -> None:
    said = ("云杉银行提现失败，客服不理", "城北网点排长队，提现额度只剩五百", "昨天申请的提现到现在没有到账")
    now = [event(number, NOON, excerpt=text) for number, text in enumerate(said)]
    before = [event(90 + number, NOON - 90, excerpt="云杉银行客服换了号码") for number in range(2)]
    others = [event(200 + number, NOON - 80, subjects=("*/else",), excerpt="江畔地产客服换了新楼") for number in range(9)]
    recent = {"*/acme": [*before, *now], "*/else": others}
    words = concretise(finding(candidate(now)), NOON, CONTEXT, recent).keywords
    assert words[0] == "提现"
    assert not {"客服", "银行", "云杉"} & set(words)


def test_a_silence_begins_with_its_window_and_needs_no_texts() -> None:
    quiet = candidate([], stance="", window=540, observed=0.0, expected=40.0, counts=False)
    alert = concretise(finding(quiet, kind="silence"), NOON, CONTEXT, {})
    assert (alert.detected_at - alert.started_at).total_seconds() == 540 * 60
    assert (alert.texts, alert.evidence, alert.keywords) == (0, (), ())
    assert alert.headline.en == "云杉银行: no text for 9 hours, usually about 40"


def test_a_shift_begins_with_its_first_hour_and_not_with_the_texts_that_stand_for_it(event: MakeEvent) -> None:
    events = [event(number, NOON - number) for number in range(20)]
    shifted = candidate(events, window=4320, observed=0.6, expected=0.2, counts=False)
    alert = concretise(finding(shifted, kind="stance_shift"), NOON, CONTEXT, {})
    assert (alert.detected_at - alert.started_at).total_seconds() == 4320 * 60
    assert alert.headline.en == "云杉银行: opinion turns negative, negative share 60% in 3 days, usually 20%"


@pytest.mark.parametrize(
    ("kind", "stance", "observed", "expected", "texts", "level"),
    [
        ("negative_surge", "negative", 30.0, 3.0, 40, Severity.CRITICAL),
        ("negative_surge", "negative", 12.0, 3.0, 40, Severity.WARNING),
        ("negative_surge", "negative", 30.0, 3.0, 11, Severity.INFO),
        ("positive_surge", "positive", 300.0, 3.0, 40, Severity.INFO),
        ("volume_surge", "", 300.0, 3.0, 40, Severity.INFO),
        ("stance_shift", "negative", 0.62, 0.21, 40, Severity.WARNING),
        ("stance_shift", "positive", 0.62, 0.21, 40, Severity.INFO),
    ],
)
def test_severity_goes_by_kind_ratio_and_support(
    event: MakeEvent, kind: str, stance: str, observed: float, expected: float, texts: int, level: Severity
) -> None:
    fields = {"positive": 900, "negative": 50} if stance == "positive" else {}
    events = [event(number, NOON, **fields) for number in range(texts)]
    assert severity(AlertKind(kind), candidate(events, stance=stance, observed=observed, expected=expected)) == level


def test_an_alert_is_told_anew_when_it_is_graver_or_has_twice_the_texts(event: MakeEvent) -> None:
    events = [event(number, NOON) for number in range(40)]
    alert = concretise(finding(candidate(events[:13])), NOON, CONTEXT, {})
    assert not worth_telling(alert, finding(candidate(events[:20])))
    assert worth_telling(alert, finding(candidate(events[:26])))
    assert worth_telling(alert.model_copy(update={"texts": 39}), finding(candidate(events)))


def test_a_revision_keeps_the_identity_and_never_gets_milder(event: MakeEvent) -> None:
    events = [event(number, NOON) for number in range(40)]
    alert = concretise(finding(candidate(events)), NOON, CONTEXT, {})
    after = revise(alert, finding(candidate(events[:5])), NOON + 9, CONTEXT, {})
    assert (after.id, after.started_at, after.severity, after.revision) == (alert.id, alert.started_at, Severity.CRITICAL, 2)
    assert after.texts == 5

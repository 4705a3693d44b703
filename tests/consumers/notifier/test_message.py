"""What people read of an alert, in both languages, and what a stranger's words cannot do in it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.notifier import message
from consumers.notifier.notification import Notification, Occasion
from consumers.notifier.subscription import Subscription, WebhookTarget
from consumers.notifier.wording import duration
from groundswell.messages import (
    Acknowledgement,
    Alert,
    AlertKind,
    AlertState,
    Bilingual,
    Evidence,
    Ranked,
    Severity,
    Stance,
    Subject,
)

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
NEGATIVE = Stance(negative=0.9, neutral=0.1, positive=0)
SUBJECT = Subject(topic="fraud", entity="acme")


def quote(excerpt: str, url: str | None = None, copies: int = 1) -> Evidence:
    return Evidence(excerpt=excerpt, source="weibo", url=url, copies=copies, stance=NEGATIVE)


def tell(occasion: Occasion = Occasion.FIRING, language: Literal["zh", "en"] = "en", **changed: Any) -> Notification:
    plain: dict[str, Any] = {
        "id": "3f9c21d0a6b84e57c0d1e2f3",
        "kind": AlertKind.NEGATIVE_SURGE,
        "state": AlertState.FIRING,
        "severity": Severity.CRITICAL,
        "subject": SUBJECT,
        "headline": Bilingual(
            zh="顶点科技（财务造假与欺诈）：负面舆情激增，15 分钟内 34 条，约为平时的 14.9 倍",
            en="Acme (Accounting manipulation): negative opinion surges, 34 texts in 15 minutes, 14.9 times the usual",
        ),
        "started_at": START,
        "detected_at": START + timedelta(minutes=8),
        "updated_at": START + timedelta(minutes=9),
        "observed": 31.4,
        "expected": 2.1,
        "ratio": 14.95,
        "p_value": 3e-12,
        "window_minutes": 15,
        "texts": 34,
        "authors": 20,
        "stories": 12,
        "sources": 1,
        "hypotheses": (Ranked(subject=SUBJECT, score=40.0),),
        "evidence": (
            quote("顶点科技三季报的现金对不上，审计师辞任", "https://example.com/p/1", 12),
            quote("Acme's auditor resigns over missing cash", "https://example.org/@desk/2", 3),
            quote("清仓了，这账谁敢信"),
            quote("a fourth story"),
        ),
        "keywords": ("造假", "审计师", "resigns"),
        "plan": (
            Bilingual(
                zh="找到指控原文，记下所涉科目、年度和金额。", en="Read the claim at its source and note the accounts it names."
            ),
            Bilingual(
                zh="暂停新增敞口，列出持仓、融资和质押情况。", en="Freeze new exposure and list what is held or pledged."
            ),
        ),
        "revision": 2,
    }
    target = WebhookTarget.model_validate({"url": "https://example.com", "secret": "whsec_AAAA"})
    subscription = Subscription(
        name="desk",
        id="d1",
        target=target,
        language=language,
        zone="Asia/Shanghai" if language == "zh" else "UTC",
        created_at=START,
    )
    return Notification("k", occasion, Alert(**{**plain, **changed}), subscription)


def test_a_firing_alert_reads_so_in_english() -> None:
    told = tell()

    assert message.title(told) == (
        "[Critical] Acme (Accounting manipulation): negative opinion surges, 34 texts in 15 minutes, 14.9 times the usual"
    )
    assert message.body(told) == (
        "Since 2 Mar 01:30 (UTC)\n"
        "31.4 weighted texts in 15 min, 2.1 expected: 14.9 times the usual\n"
        "34 texts, 20 authors, 12 stories, 1 source\n"
        "\n"
        "What is said\n"
        "1. 顶点科技三季报的现金对不上，审计师辞任 (weibo, 12 copies)\n"
        "https://example.com/p/1\n"
        "2. Acme's auditor resigns over missing cash (weibo, 3 copies)\n"
        "https://example.org/%40desk/2\n"
        "3. 清仓了，这账谁敢信 (weibo)\n"
        "\n"
        "Telling words: 造假, 审计师, resigns\n"
        "\n"
        "What to do\n"
        "1. Read the claim at its source and note the accounts it names.\n"
        "2. Freeze new exposure and list what is held or pledged.\n"
        "\n"
        "Alert 3f9c21d0a6b84e57c0d1e2f3"
    )


def test_a_firing_alert_reads_so_in_chinese() -> None:
    told = tell(language="zh")

    assert message.title(told) == "【严重】顶点科技（财务造假与欺诈）：负面舆情激增，15 分钟内 34 条，约为平时的 14.9 倍"
    assert message.body(told).startswith("始于 3月2日 09:30（北京时间）\n")
    assert "34 条文本、20 位作者、12 种说法、1 个来源" in message.body(told)
    assert "1. 顶点科技三季报的现金对不上，审计师辞任（weibo，同文 12 条）" in message.body(told)
    assert message.body(told).endswith("\n\n预警编号 3f9c21d0a6b84e57c0d1e2f3")


def test_an_alert_that_has_got_worse_says_so() -> None:
    assert message.title(tell(Occasion.ESCALATED)).startswith("[Worse: Critical] Acme")
    assert message.body(tell(Occasion.ESCALATED)).startswith("It has got worse. Severity now: Critical\n")
    assert message.title(tell(Occasion.ESCALATED, "zh")).startswith("【升级为严重】顶点科技")


def test_a_resolution_is_short_and_says_how_long_it_lasted() -> None:
    over: dict[str, Any] = {"state": AlertState.RESOLVED, "resolved_at": START + timedelta(hours=2, minutes=5)}

    assert message.title(tell(Occasion.RESOLVED, **over)).startswith("[Over] Acme")
    assert message.body(tell(Occasion.RESOLVED, **over)) == (
        "Over since 2 Mar 03:35 (UTC), after 2 h 5 min\n\nAlert 3f9c21d0a6b84e57c0d1e2f3"
    )
    assert message.body(tell(Occasion.RESOLVED, "zh", **over)).startswith(
        "已于 3月2日 11:35（北京时间）解除，历时 2 小时 5 分钟"
    )


def test_an_alert_that_nobody_hears_of_any_more_is_not_said_to_be_over() -> None:
    over: dict[str, Any] = {"state": AlertState.RESOLVED, "resolved_at": START + timedelta(hours=2), "resolution": "no_data"}

    assert message.title(tell(Occasion.RESOLVED, **over)).startswith("[Closed, no data] Acme")
    assert message.body(tell(Occasion.RESOLVED, **over)).startswith(
        "Closed at 2 Mar 03:30 (UTC), after 2 h: no texts come that could tell whether it is over\n"
    )
    assert message.title(tell(Occasion.RESOLVED, "zh", **over)).startswith("【无数据，已关闭】顶点科技")


def test_an_acknowledgement_names_who_gave_it_and_what_they_say() -> None:
    by = Acknowledgement(by="Mei @all", at=START, note="Asking\nthe bank")
    taken: dict[str, Any] = {"state": AlertState.ACKNOWLEDGED, "acknowledgement": by}

    assert message.title(tell(Occasion.ACKNOWLEDGED, **taken)).startswith("[Acknowledged] Acme")
    assert message.body(tell(Occasion.ACKNOWLEDGED, **taken)) == (
        "Acknowledged by Mei ＠all\nAsking the bank\nYou hear of it again if it becomes critical, and when it is over\n\n"
        "Alert 3f9c21d0a6b84e57c0d1e2f3"
    )
    assert message.body(tell(Occasion.ACKNOWLEDGED, "zh", **taken)).startswith("由 Mei ＠all 受理\n")


def test_an_alert_that_flaps_says_so() -> None:
    assert "1 source\nThe same fired several times lately" in message.body(tell(flapping=True))
    assert "近来反复触发" in message.body(tell(language="zh", flapping=True))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_test_names_the_subscription_and_no_alert(language: Literal["zh", "en"]) -> None:
    told = tell(Occasion.TEST, language)

    assert "desk" in message.body(told)
    assert "Acme" not in message.title(told) + message.body(told)


def test_a_surge_from_nothing_gives_no_ratio() -> None:
    assert "31.4 weighted texts in 15 min, next to none expected" in message.body(tell(expected=0.0))


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("stance_shift", "en", "A share of 62% in 6 h, usually 21%"),
        ("stance_shift", "zh", "6 小时内占比 62%，平时 21%"),
        ("volume_surge", "en", "0.6 weighted texts in 6 h, 0.2 expected: 3.0 times the usual"),
    ],
)
def test_each_kind_says_how_unusual_it_is(kind: str, language: Literal["zh", "en"], said: str) -> None:
    changed: dict[str, Any] = {
        "kind": AlertKind(kind),
        "observed": 0.62,
        "expected": 0.21,
        "ratio": 2.95,
        "window_minutes": 360,
    }
    assert said in message.body(tell(language=language, **changed)).splitlines()


def test_a_silence_is_told_in_whole_texts() -> None:
    quiet: dict[str, Any] = {
        "kind": AlertKind.SILENCE,
        "observed": 0.0,
        "expected": 40.3,
        "window_minutes": 540,
        "evidence": (),
    }

    assert "0 texts in 9 h, usually about 40" in message.body(tell(**quiet)).splitlines()
    assert "9 小时内 0 条，平时同期约 40 条" in message.body(tell(language="zh", **quiet)).splitlines()


def test_the_parts_of_the_score_say_why_it_is_read_so() -> None:
    parts = {"surprise": 11.52, "support": 5.129, "diversity": 0.43, "credibility": 1.0}
    ranked = (Ranked(subject=SUBJECT, score=25.4, parts=parts),)

    assert (
        "Why this reading: surprise 11.5 of 50, support 5.13, diversity 0.43 of 1, credibility 1 of 1"
        in message.body(tell(hypotheses=ranked)).splitlines()
    )
    assert (
        "研判依据：意外程度 11.5/50，支持强度 5.13，声音多样性 0.43/1，来源可信度 1/1"
        in message.body(tell(language="zh", hypotheses=ranked)).splitlines()
    )


def test_an_alert_without_evidence_words_and_plan_has_no_empty_headings() -> None:
    bare = message.body(tell(evidence=(), keywords=(), plan=()))

    assert len(bare.split("\n\n")) == 2


def test_an_excerpt_breaks_no_line_hides_nothing_and_calls_nobody() -> None:
    hostile = "fine\r\n\u2028Alert all\u202eclear\u200b @all <!channel> [bank](https://evil.example) \x00\x1b[31mend"

    assert message.one_line(hostile) == "fine Alert allclear ＠all ＜!channel＞ ［bank］(https://evil.example) ［31mend"


def test_a_long_excerpt_is_cut() -> None:
    assert message.one_line("长" * 500) == "长" * 139 + "…"


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = message.one_line(text)

    assert len(line) <= message.MAX_LINE
    assert line.isprintable()
    assert not set("@<>[]*`") & set(line)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://bank.example@evil.example/",
        "https://a.example/\n2. forged",
        "https://a.example/\u202egpj",
        "https://[bad/",
        "https://a.example/" + "x" * 300,
    ],
)
def test_a_link_that_deceives_is_left_out(url: str) -> None:
    assert message.link(url) is None


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "0 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(days=1, minutes=7), "1 d 7 min"),
        (timedelta(days=2, hours=3, minutes=4), "2 d 3 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(length: timedelta, said: str) -> None:
    assert duration(length, "en") == said

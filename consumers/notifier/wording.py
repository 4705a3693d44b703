"""The words of notifications in Chinese and in English; braces are filled in by name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from groundswell.messages import Severity

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Words:
    """The sentences of one language."""

    severities: dict[Severity, str]
    firing_title: str
    escalated_title: str
    acknowledged_title: str
    resolved_title: str
    lost_title: str
    test_title: str
    escalated: str
    acknowledged: str
    from_here: str
    resolved: str
    lost: str
    test: str
    since: str
    flapping: str
    unusual: str
    unheard: str
    shifted: str
    silent: str
    why: str
    counts: dict[str, tuple[str, str]]
    """Singular and plural by the alert's field."""
    comma: str
    evidence: str
    copies: str
    excerpt: str
    keywords: str
    plan: str
    alert: str


ENGLISH = Words(
    severities={Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.INFO: "Notice"},
    firing_title="[{severity}] {headline}",
    escalated_title="[Worse: {severity}] {headline}",
    acknowledged_title="[Acknowledged] {headline}",
    resolved_title="[Over] {headline}",
    lost_title="[Closed, no data] {headline}",
    test_title="[Test] Groundswell can reach you",
    escalated="It has got worse. Severity now: {severity}",
    acknowledged="Acknowledged by {by}",
    from_here="You hear of it again if it becomes critical, and when it is over",
    resolved="Over since {time}, after {duration}",
    lost="Closed at {time}, after {duration}: no texts come that could tell whether it is over",
    test="A test of the subscription {name}. No alert stands behind it; there is nothing to do.",
    since="Since {time}",
    flapping="The same fired several times lately: it counts as over only after a longer calm",
    unusual="{observed} weighted texts in {window}, {expected} expected: {ratio} times the usual",
    unheard="{observed} weighted texts in {window}, next to none expected",
    shifted="A share of {observed} in {window}, usually {expected}",
    silent="{observed} texts in {window}, usually about {expected}",
    why="Why this reading: surprise {surprise} of 50, support {support}, diversity {diversity} of 1, "
    "credibility {credibility} of 1",
    counts={
        "texts": ("{} text", "{} texts"),
        "authors": ("{} author", "{} authors"),
        "stories": ("{} story", "{} stories"),
        "sources": ("{} source", "{} sources"),
    },
    comma=", ",
    evidence="What is said",
    copies=", {} copies",
    excerpt="{place}. {excerpt} ({source}{copies})",
    keywords="Telling words: {}",
    plan="What to do",
    alert="Alert {}",
)
CHINESE = Words(
    severities={Severity.CRITICAL: "严重", Severity.WARNING: "警告", Severity.INFO: "提示"},
    firing_title="【{severity}】{headline}",
    escalated_title="【升级为{severity}】{headline}",
    acknowledged_title="【已受理】{headline}",
    resolved_title="【已解除】{headline}",
    lost_title="【无数据，已关闭】{headline}",
    test_title="【测试】Groundswell 通知已接通",
    escalated="事态加剧，级别升为“{severity}”",
    acknowledged="由 {by} 受理",
    from_here="此后仅在升级为严重或解除时再通知",
    resolved="已于 {time}解除，历时 {duration}",
    lost="已于 {time}关闭，历时 {duration}：没有新文本可供判断是否平息",
    test="这是订阅 {name} 的测试消息，并无真实预警，无需处理。",
    since="始于 {time}",
    flapping="近来反复触发，须平静更长时间才算解除",
    unusual="{window}内折合 {observed} 条，预期 {expected} 条，为平时的 {ratio} 倍",
    unheard="{window}内折合 {observed} 条，平时几乎没有",
    shifted="{window}内占比 {observed}，平时 {expected}",
    silent="{window}内 {observed} 条，平时同期约 {expected} 条",
    why="研判依据：意外程度 {surprise}/50，支持强度 {support}，声音多样性 {diversity}/1，来源可信度 {credibility}/1",
    counts={
        "texts": ("{} 条文本",) * 2,
        "authors": ("{} 位作者",) * 2,
        "stories": ("{} 种说法",) * 2,
        "sources": ("{} 个来源",) * 2,
    },
    comma="、",
    evidence="原文摘录",
    copies="，同文 {} 条",
    excerpt="{place}. {excerpt}（{source}{copies}）",
    keywords="关键词：{}",
    plan="处置建议",
    alert="预警编号 {}",
)
WORDS: dict[Language, Words] = {"en": ENGLISH, "zh": CHINESE}


def moment(time: datetime, zone: str, language: Language) -> str:
    """``time`` on the clocks of ``zone``, which is named."""
    there = time.astimezone(ZoneInfo(zone))
    if language == "en":
        return f"{there.day} {there:%b %H:%M} ({zone})"
    named = "北京时间" if zone == "Asia/Shanghai" else zone
    return f"{there.month}月{there.day}日 {there:%H:%M}（{named}）"


def duration(length: timedelta, language: Language) -> str:
    """``length`` in its two largest units, in whole minutes."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = ("d", "h", "min") if language == "en" else ("天", "小时", "分钟")
    parts = [f"{count} {unit}" for count, unit in zip((days, hours, rest), units, strict=True) if count][:2]
    return " ".join(parts) or f"0 {units[-1]}"

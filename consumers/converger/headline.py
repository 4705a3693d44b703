"""Headlines: one line in Chinese and in English, made of facts only: who, what, how many, in how long, how unusual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.converger.support import Support
from consumers.converger.surge import Surge
from groundswell.messages import AlertKind, Bilingual, Subject
from model.taxonomy import Taxonomy

COPIES = 5
"""Texts of one story from which, when it makes more than half of all, a headline says so."""
NEXT_TO_NONE = 0.1
"""Expected texts under which no ratio is told: it would only measure the floor."""
BEYOND = 1000
NAMED = 3
"""Entities that a headline on the market names."""
NAMES = {
    AlertKind.NEGATIVE_SURGE: Bilingual(zh="负面舆情激增", en="negative opinion surges"),
    AlertKind.POSITIVE_SURGE: Bilingual(zh="正面舆情激增", en="positive opinion surges"),
    AlertKind.VOLUME_SURGE: Bilingual(zh="讨论量激增", en="talk surges"),
}
STANCES = {"negative": Bilingual(zh="负面", en="negative"), "positive": Bilingual(zh="正面", en="positive")}


@dataclass(frozen=True)
class Facts:
    """What a headline says: the kind of the alert, its window beside its past, and who stands behind it."""

    kind: AlertKind
    surge: Surge
    support: Support


def headline(facts: Facts, who: Bilingual) -> Bilingual:
    """The line in both languages.

    For a stance shift, observed and expected are shares of the stance (0..1); for all else masses in texts.
    """
    match facts.kind:
        case AlertKind.STANCE_SHIFT:
            said = _shift(facts)
        case AlertKind.SILENCE:
            said = _silence(facts)
        case _ if low_diversity(facts.support):
            said = _copies(facts)
        case _:
            said = _surge(facts)
    return Bilingual(zh=f"{who.zh}：{said.zh}", en=f"{who.en}: {said.en}")


def who(subject: Subject, topic: str | None, names: Mapping[str, str], taxonomy: Taxonomy) -> Bilingual:
    """Who or what an alert is about: the entity's name with the topic in brackets, or the topic alone."""
    known = taxonomy.topics.get(topic or "")
    name = names.get(subject.entity, subject.entity) if subject.entity else None
    if known is None:
        return Bilingual(zh=name or str(subject), en=name or str(subject))
    return Bilingual(zh=f"{name}（{known.zh}）", en=f"{name} ({known.en})") if name else Bilingual(zh=known.zh, en=known.en)


def whole(members: Sequence[str], names: Mapping[str, str]) -> Bilingual:
    """The market, with the entities of the subjects ``members`` that moved most."""
    told = [names.get(entity, entity) for entity in (name.partition("/")[2] for name in members[:NAMED])]
    more = len(members) - len(told)
    en = ", ".join(told) + (f" and {more:,} more" if more else "")
    return Bilingual(
        zh=f"整个市场（{'、'.join(told)}{f'等 {len(members):,} 家' if more else ''}）", en=f"The whole market ({en})"
    )


def low_diversity(support: Support) -> bool:
    """Whether most of the texts tell one story."""
    return support.copies >= COPIES and 2 * support.copies > support.texts


def length(minutes: int) -> Bilingual:
    """A window in its largest unit: 15 minutes, 6 hours, 3 days."""
    for unit, zh, en in ((1440, "天", "days"), (60, "小时", "hours")):
        if minutes >= 2 * unit or minutes == 60 == unit:
            count = figure(minutes / unit)
            return Bilingual(zh=f"{count} {zh}", en=f"{count} {en[:-1] if count == '1' else en}")
    return Bilingual(zh=f"{minutes} 分钟", en=f"{minutes} minutes")


def figure(value: float) -> str:
    """A number for people: one decimal under ten where it says something, thousands apart."""
    return f"{value:,.0f}" if value >= 9.95 or round(value, 1) == round(value) else f"{value:.1f}"


def _surge(facts: Facts) -> Bilingual:
    name, span, usual = NAMES[facts.kind], length(facts.surge.window), _usual(facts.surge)
    texts, authors = facts.support.texts, facts.support.authors
    return Bilingual(
        zh=f"{name.zh}，{span.zh}内 {authors:,} 位作者发文 {texts:,} 条，{usual.zh}",
        en=f"{name.en}, {_many(texts, 'text')} by {_many(authors, 'author')} in {span.en}, {usual.en}",
    )


def _copies(facts: Facts) -> Bilingual:
    name, span, support = NAMES[facts.kind], length(facts.surge.window), facts.support
    return Bilingual(
        zh=f"{name.zh}，但多为转发：{span.zh}内 {support.texts:,} 条中同一内容 {support.copies:,} 条",
        en=f"{name.en}, but mostly copies: {support.copies:,} of {support.texts:,} texts in {span.en} tell one story",
    )


def _usual(surge: Surge) -> Bilingual:
    if surge.expected < NEXT_TO_NONE:
        return Bilingual(zh="平时几乎没有", en="where next to none is usual")
    if surge.ratio >= BEYOND:
        return Bilingual(zh=f"超过平时的 {BEYOND:,} 倍", en=f"over {BEYOND:,} times the usual")
    return Bilingual(zh=f"约为平时的 {figure(surge.ratio)} 倍", en=f"about {figure(surge.ratio)} times the usual")


def _shift(facts: Facts) -> Bilingual:
    stance, span = STANCES[facts.surge.measure], length(facts.surge.window)
    now, usual = f"{facts.surge.observed:.0%}", f"{facts.surge.expected:.0%}"
    return Bilingual(
        zh=f"舆情转向{stance.zh}，{span.zh}内{stance.zh}占比 {now}，平时 {usual}",
        en=f"opinion turns {stance.en}, {stance.en} share {now} in {span.en}, usually {usual}",
    )


def _silence(facts: Facts) -> Bilingual:
    span, usual = length(facts.surge.window), figure(facts.surge.expected)
    texts = round(facts.surge.observed)
    few = (
        Bilingual(zh=f"仅 {texts:,} 条", en=f"only {_many(texts, 'text')}") if texts else Bilingual(zh="无新文本", en="no text")
    )
    return Bilingual(zh=f"{span.zh}{few.zh}，平时同期约 {usual} 条", en=f"{few.en} for {span.en}, usually about {usual}")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

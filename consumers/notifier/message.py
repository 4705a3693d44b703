"""What people read: title and body of a notification, plain text for a small screen, in the subscription's language.

Excerpts are strangers' words: nothing in them breaks a line, hides, reverses the writing, or calls anybody by name.
"""

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from consumers.notifier.notification import Notification, Occasion
from consumers.notifier.subscription import Subscription
from consumers.notifier.wording import WORDS, Language, duration, moment
from groundswell.messages import Alert, AlertKind, Bilingual

MAX_TITLE = 160
MAX_LINE = 140
MAX_LINK = 300
"""Characters of a link; a longer one is left out, since half a link is none."""
MAX_EVIDENCE = 3
PARTS = ("surprise", "support", "diversity", "credibility")
SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})
"""Unicode's controls, line breaks among them, and spaces."""
HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn"})
"""Marks of direction, characters of no width, and those that are none."""
CALLS = str.maketrans("@<>[]*`", "＠＜＞［］＊｀")
"""What calls people in chats (``@name``, ``<!here>``), or makes a link that says another address than it leads to."""
LINK_CALLS = {ord(sign): f"%{ord(sign):02X}" for sign in "@<>"}


def title(notification: Notification) -> str:
    """One line: how grave, or worse now, or taken on, or over, or a test; and the headline."""
    alert, language = notification.alert, notification.subscription.language
    words = WORDS[language]
    match notification.occasion:
        case Occasion.TEST:
            return words.test_title
        case Occasion.ESCALATED:
            form = words.escalated_title
        case Occasion.ACKNOWLEDGED:
            form = words.acknowledged_title
        case Occasion.RESOLVED:
            form = words.lost_title if alert.resolution == "no_data" else words.resolved_title
        case Occasion.FIRING:
            form = words.firing_title
    return form.format(severity=words.severities[alert.severity], headline=one_line(_in(language, alert.headline), MAX_TITLE))


def body(notification: Notification) -> str:
    """The rest, in short lines; parts are kept apart by empty lines, the alert's id stands last."""
    alert, subscription = notification.alert, notification.subscription
    words = WORDS[subscription.language]
    match notification.occasion:
        case Occasion.TEST:
            return words.test.format(name=subscription.name)
        case Occasion.ACKNOWLEDGED:
            parts = [list(_taken(alert, subscription.language))]
        case Occasion.RESOLVED:
            parts = [[_over(alert, subscription)]]
        case Occasion.ESCALATED:
            worse = words.escalated.format(severity=words.severities[alert.severity])
            parts = [[worse, *_facts(alert, subscription)], *_reasons(alert, subscription.language)]
        case Occasion.FIRING:
            parts = [_facts(alert, subscription), *_reasons(alert, subscription.language)]
    parts.append([words.alert.format(alert.id)])
    return "\n\n".join("\n".join(part) for part in parts)


def one_line(text: str, limit: int = MAX_LINE) -> str:
    """``text`` on one line of at most ``limit`` characters, without characters that hide or that call people."""
    kinds = ((sign, unicodedata.category(sign)) for sign in text)
    seen = "".join(" " if kind in SPACES else sign for sign, kind in kinds if kind not in HIDDEN)
    line = " ".join(seen.split()).translate(CALLS)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def link(url: str | None) -> str | None:
    """``url`` where it can be shown: http or https, no user in it, short, without a character that hides."""
    if url is None or len(url) > MAX_LINK or any(unicodedata.category(sign) in SPACES | HIDDEN for sign in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return url.translate(LINK_CALLS)


def _over(alert: Alert, subscription: Subscription) -> str:
    ended = alert.resolved_at or alert.updated_at
    words = WORDS[subscription.language]
    return (words.lost if alert.resolution == "no_data" else words.resolved).format(
        time=moment(ended, subscription.zone, subscription.language),
        duration=duration(ended - alert.started_at, subscription.language),
    )


def _taken(alert: Alert, language: Language) -> Iterator[str]:
    """By whom, with what they say of it, and what is told from here on."""
    words, by = WORDS[language], alert.acknowledgement
    if by is not None:
        yield words.acknowledged.format(by=one_line(by.by, 100))
        if by.note:
            yield one_line(by.note)
    yield words.from_here


def _facts(alert: Alert, subscription: Subscription) -> list[str]:
    """Since when, how unusual, on whose word, and why it is read so."""
    language = subscription.language
    words = WORDS[language]
    counted = ((field, getattr(alert, field)) for field in words.counts)
    facts = [
        words.since.format(time=moment(alert.started_at, subscription.zone, language)),
        _unusual(alert, language),
        words.comma.join(words.counts[field][count != 1].format(count) for field, count in counted),
        *([words.flapping] if alert.flapping else []),
    ]
    if set(PARTS) <= set(parts := alert.hypotheses[0].parts if alert.hypotheses else {}):
        facts.append(words.why.format(**{name: f"{parts[name]:.3g}" for name in PARTS}))
    return facts


def _unusual(alert: Alert, language: Language) -> str:
    """What was observed beside what was to be expected: shares of a shift, whole texts of a silence, else weighted texts."""
    words = WORDS[language]
    form, figure = words.unusual, _number
    match alert.kind:
        case AlertKind.STANCE_SHIFT:
            form, figure = words.shifted, _percent
        case AlertKind.SILENCE:
            form, figure = words.silent, _whole
        case _ if _number(alert.expected) == "0.0":
            form = words.unheard
    return form.format(
        observed=figure(alert.observed),
        expected=figure(alert.expected),
        ratio=_number(alert.ratio),
        window=duration(timedelta(minutes=alert.window_minutes), language),
    )


def _reasons(alert: Alert, language: Language) -> Iterator[list[str]]:
    """What is said, by which words, and what to do: each with its lines, where there are any."""
    words = WORDS[language]
    if alert.evidence:
        yield [words.evidence, *_evidence(alert, language)]
    if alert.keywords:
        yield [words.keywords.format(words.comma.join(one_line(word, 20) for word in alert.keywords))]
    if alert.plan:
        yield [words.plan, *(f"{place}. {one_line(_in(language, step))}" for place, step in enumerate(alert.plan, 1))]


def _evidence(alert: Alert, language: Language) -> Iterator[str]:
    words = WORDS[language]
    for place, one in enumerate(alert.evidence[:MAX_EVIDENCE], 1):
        copies = words.copies.format(one.copies) if one.copies > 1 else ""
        yield words.excerpt.format(place=place, excerpt=one_line(one.excerpt), source=one_line(one.source, 40), copies=copies)
        if shown := link(one.url):
            yield shown


def _in(language: Language, text: Bilingual) -> str:
    return text.zh if language == "zh" else text.en


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _whole(value: float) -> str:
    return f"{value:.0f}"

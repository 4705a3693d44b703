"""Alerts as people see them: the newest revision of each, in a table or whole."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from groundswell.kafka import Record
from groundswell.messages import Alert

SHORT_ID = 8
"""Characters of an id that are shown in tables, and enough for `groundswell ack`."""
COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def transitions(records: Iterable[Record]) -> Iterator[Alert]:
    """The alerts of ``records``, each revision once: what a crash made a stage tell again is passed over."""
    told: dict[str, int] = {}
    for record in records:
        if record.value is None:
            continue
        alert = Alert.from_wire(record.value)
        if alert.revision > told.get(alert.id, 0):
            told[alert.id] = alert.revision
            yield alert


def newest(alerts: Iterable[Alert]) -> list[Alert]:
    """The newest revision of each alert, in order of detection."""
    by_id = {alert.id: alert for alert in alerts}
    return sorted(by_id.values(), key=lambda one: (one.detected_at, one.id))


def table(alerts: Iterable[Alert]) -> Table:
    """One line an alert."""
    shown = Table(expand=True)
    for name in ("id", "detected (UTC)", "state", "severity", "subject", "what"):
        shown.add_column(name, no_wrap=name != "what")
    for alert in alerts:
        shown.add_row(
            alert.id[:SHORT_ID],
            f"{alert.detected_at:%m-%d %H:%M}",
            alert.state,
            Styled(alert.severity, COLOURS[alert.severity]),
            Styled(str(alert.subject)),
            Styled(alert.headline.en),
        )
    return shown


def card(alert: Alert) -> RenderableType:
    """An alert whole: what, since when, how unusual, on whose word, by which words, and what to do."""
    facts = Styled(
        f"{alert.state} · {alert.severity} · since {alert.started_at:%Y-%m-%d %H:%M} · told {alert.detected_at:%H:%M} UTC\n"
        f"{alert.texts} texts, {alert.authors} authors, {alert.stories} stories, {alert.sources} sources in "
        f"{alert.window_minutes} minutes; {alert.observed:.1f} where {alert.expected:.1f} was to be expected, "
        f"{alert.ratio:.1f} times the usual (p = {alert.p_value:.1g})"
    )
    taken = alert.acknowledgement
    if taken:
        facts.append(
            f"\nacknowledged by {taken.by} at {taken.at:%Y-%m-%d %H:%M} UTC" + (f": {taken.note}" if taken.note else "")
        )
    if alert.flapping:
        facts.append("\nthe same fired several times lately: it counts as over only after a longer calm")
    if alert.resolution == "no_data":
        facts.append("\nclosed because no texts came any more, not because it was calm")
    ranked = Styled("explanations: " + "; ".join(f"{one.subject} {one.score:.0f}" for one in alert.hypotheses))
    words = Styled("words: " + ", ".join(alert.keywords)) if alert.keywords else Styled("")
    proof = Table(title="evidence", expand=True)
    for name in ("source", "copies", "negative", "excerpt"):
        proof.add_column(name)
    for one in alert.evidence:
        proof.add_row(one.source, str(one.copies), f"{one.stance.negative:.2f}", Styled(one.excerpt))
    plan = Styled("plan\n" + "\n".join(f"{place}. {step.en} / {step.zh}" for place, step in enumerate(alert.plan, 1)))
    title = Styled(f"{alert.headline.en}\n{alert.headline.zh}", COLOURS[alert.severity])
    return Panel(Group(title, facts, ranked, words, proof, plan), title=f"{alert.kind} {alert.id}", title_align="left")

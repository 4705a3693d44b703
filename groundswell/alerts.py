"""Alerts as people see them: the newest revision of each, in a table or whole."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from groundswell.errors import FatalError
from groundswell.kafka import Record
from groundswell.messages import Alert, AlertKind, Ranked

SHORT_ID = 8
"""Characters of an id that are shown in tables, and enough for `groundswell ack`."""
PLURALS = {"text": "texts", "author": "authors", "story": "stories", "source": "sources"}
ENDS = {"surprise": " of 50", "diversity": " of 1", "credibility": " of 1"}
COLOURS = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


def transitions(records: Iterable[Record]) -> Iterator[Alert]:
    """The alerts of ``records``, each revision once: what a crash made a stage tell again is passed over."""
    return each_once(Alert.from_wire(record.value) for record in records if record.value is not None)


def each_once(alerts: Iterable[Alert]) -> Iterator[Alert]:
    """``alerts`` without those whose revision, or a later one, came before."""
    told: dict[str, int] = {}
    for alert in alerts:
        if alert.revision > told.get(alert.id, 0):
            told[alert.id] = alert.revision
            yield alert


def write(path: Path, alerts: Iterable[Alert]) -> None:
    """Write every transition into the file ``path``, one JSON object a line, in order of time; FatalError where that fails."""
    ordered = sorted(alerts, key=lambda one: (one.updated_at, one.id, one.revision))
    try:
        path.write_bytes(b"".join(alert.to_wire() + b"\n" for alert in ordered))
    except OSError as error:
        raise FatalError(f"{path}: the alerts cannot be written: {error.strerror}") from None


def newest(alerts: Iterable[Alert]) -> list[Alert]:
    """The newest revision of each alert, in order of detection."""
    by_id = {alert.id: alert for alert in alerts}
    return sorted(by_id.values(), key=lambda one: (one.detected_at, one.id))


def table(alerts: Iterable[Alert]) -> Table:
    """One line an alert."""
    shown = Table(expand=True)
    for name in ("id", "told (UTC)", "state", "severity"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("subject", overflow="fold", ratio=1)
    shown.add_column("what", overflow="fold", ratio=2)
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
    """An alert whole: what, since when, how unusual, on whose word, why it is read so, by which words, and what to do."""
    title = Styled(f"{alert.headline.en}\n{alert.headline.zh}", COLOURS[alert.severity])
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    for name, said in _facts(alert):
        facts.add_row(name, Styled(said))
    parts: list[RenderableType] = [title, "", facts]
    if alert.evidence:
        parts += ["", _evidence(alert)]
    if alert.plan:
        parts += ["", _plan(alert)]
    return Panel(Group(*parts), title=f"{alert.kind} {alert.id}", title_align="left")


def _facts(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "state", f"{alert.state}, {alert.severity}"
    yield "since", f"{alert.started_at:%Y-%m-%d %H:%M}, told {alert.detected_at:%H:%M} UTC"
    yield "how unusual", unusual(alert)
    yield "on whose word", _voices(alert)
    lead, *others = alert.hypotheses or (None,)
    if lead is not None and lead.parts:
        yield "why this reading", f"{why(lead)}; score {lead.score:.0f}"
    if others:
        yield "or else", "; ".join(f"{one.subject} ({one.score:.0f})" for one in others)
    if alert.keywords:
        yield "telling words", ", ".join(alert.keywords)
    if taken := alert.acknowledgement:
        yield "taken on", f"by {taken.by} at {taken.at:%Y-%m-%d %H:%M} UTC" + (f": {taken.note}" if taken.note else "")
    if alert.flapping:
        yield "flapping", "the same fired several times lately: it counts as over only after a longer calm"
    if alert.resolution == "no_data":
        yield "closed", "because no texts came any more, not because it was calm"


def unusual(alert: Alert) -> str:
    """What was observed beside what was to be expected, by the kind of the alert, and how likely that is by chance."""
    hours, minutes = divmod(alert.window_minutes, 60)
    window = f"{hours} h" if not minutes else f"{alert.window_minutes} min"
    match alert.kind:
        case AlertKind.STANCE_SHIFT:
            said = f"a share of {alert.observed:.0%} in {window}, usually {alert.expected:.0%}"
        case AlertKind.SILENCE:
            said = f"{_many(round(alert.observed), 'text')} in {window}, usually {alert.expected:.0f}"
        case _:
            said = f"{alert.observed:.1f} weighted texts in {window}, {alert.expected:.1f} expected"
            said += f", {alert.ratio:.1f} times the usual"
    return f"{said} (p = {alert.p_value:.1g})"


def why(lead: Ranked) -> str:
    """The parts of a score by name, those that have an end with it: surprise 11.5 of 50, support 5.1 ..."""
    return ", ".join(f"{name} {value:.3g}{ENDS.get(name, '')}" for name, value in lead.parts.items())


def _voices(alert: Alert) -> str:
    counts = ((alert.texts, "text"), (alert.authors, "author"), (alert.stories, "story"), (alert.sources, "source"))
    return ", ".join(_many(count, noun) for count, noun in counts)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else PLURALS[noun]}"


def _evidence(alert: Alert) -> Table:
    shown = Table(expand=True, title="evidence", title_justify="left")
    for name, justify in (("source", "left"), ("copies", "right"), ("negative", "right"), ("positive", "right")):
        shown.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for name, ratio in (("what is said", 3), ("decided by", 2)):
        shown.add_column(name, ratio=ratio, overflow="fold")
    for one in alert.evidence:
        stance = (f"{one.stance.negative:.2f}", f"{one.stance.positive:.2f}")
        shown.add_row(Styled(one.source), f"{one.copies:,}", *stance, Styled(one.excerpt), Styled(", ".join(one.words)))
    return shown


def _plan(alert: Alert) -> Table:
    shown = Table.grid(padding=(0, 2), expand=True)
    shown.add_column(justify="right")
    shown.add_column(ratio=1)
    shown.add_column(ratio=1, overflow="fold")
    shown.add_row("", Styled("what to do", "bold"), Styled("处置建议", "bold"))
    for place, step in enumerate(alert.plan, 1):
        shown.add_row(f"{place}.", Styled(step.en), Styled(step.zh))
    return shown

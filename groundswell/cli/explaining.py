"""``groundswell explain``: which words decided what was read, of a text or of the evidence of an alert."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text as Styled

from groundswell import alerts as show
from groundswell.cli.app import app, err, out, plain, settings_of
from groundswell.clock import SystemClock
from groundswell.errors import FatalError
from groundswell.kafka import Topics
from groundswell.messages import Alert, Evidence, Text
from groundswell.settings import Settings
from groundswell.tail import Tail

if TYPE_CHECKING:
    from model.explain import Contribution, Decision
    from model.reader import Reading

HEAVIEST = 8
"""Words of a decision that are told with their figures."""
LEAST = 0.001
"""Change of a probability under which a word is not told."""
STRONG = 0.1
"""Change of a probability from which a word is shown bold."""
MASKED = "an excerpt: private places are masked, and it may be cut"


@app.command()
def explain(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="The text; - reads it from standard input.")] = None,
    alert: Annotated[str | None, typer.Option(help="Explain the evidence of this alert instead.")] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en; by default the script tells.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a text.")] = False,
) -> None:
    """Show the readings of a text and the words that decided its stance and each of its topics."""
    if (text is None) == (alert is None):
        raise FatalError("explain: give either a text (or - for standard input) or --alert ID")
    settings = settings_of(context)
    evidence = () if alert is None else _find(settings, alert).evidence
    given = [one.excerpt for one in evidence] if alert else [sys.stdin.read() if text == "-" else text or ""]
    with err.status("loading the packs"):
        explainer = _Explainer(settings)
    for place, item in enumerate(given):
        if not item.strip():
            raise FatalError("explain: the text is empty; give some words")
        reading, decisions = explainer.explain(item, lang)
        shown = evidence[place] if alert else None
        if as_json:
            typer.echo(json.dumps(_plain(item, reading, decisions, shown), ensure_ascii=False))
        else:
            _show(item, reading, decisions, shown)


class _Explainer:
    """The packs of the diverger, asked about single texts."""

    def __init__(self, settings: Settings) -> None:
        from consumers.start import load_packs, reader
        from consumers.watched import watchlist
        from model.entities import Watchlist

        listed = watchlist(settings)
        self._packs = load_packs(settings)
        self._watchlist = listed.current if listed else Watchlist
        self._reader = reader(settings, self._packs)

    def explain(self, given: str, lang: str | None) -> "tuple[Reading, list[Decision]]":
        from model.explain import explain as decide

        now = SystemClock().now()
        text = Text(text=given, source="explain", lang=lang, published_at=now, ingested_at=now)
        (reading,) = self._reader.read([text])
        pack = self._packs.get(reading.language)
        if pack is None:
            known = ", ".join(self._packs)
            raise FatalError(f"explain: no pack reads {reading.language}; --lang names one that does: {known}")
        return reading, decide(pack, given, self._watchlist())


def _find(settings: Settings, alert: str) -> Alert:
    """The newest revision of the alert whose id is, or begins with, ``alert``."""
    with Tail(settings, Topics(settings.kafka.topic_prefix).alerts) as tail:
        found = [one for one in show.newest(show.transitions(tail.to_end())) if one.id.startswith(alert)]
    if len(found) != 1:
        what = "there is no such alert" if not found else f"{len(found)} alerts begin so"
        raise FatalError(f"--alert {alert}: {what}; `groundswell alerts --json` shows the ids")
    return found[0]


def _plain(given: str, reading: "Reading", decisions: "list[Decision]", evidence: Evidence | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": given, "language": reading.language}
    if evidence is not None:
        shown |= {"excerpt": True, "source": evidence.source, "copies": evidence.copies}
    shown["stance_set"] = list(reading.stance_set)
    shown["hypotheses"] = [one.model_dump(mode="json", exclude_none=True) for one in reading.hypotheses]
    shown["decisions"] = [asdict(one) for one in decisions]
    return shown


def _show(given: str, reading: "Reading", decisions: "list[Decision]", evidence: Evidence | None) -> None:
    if evidence is not None:
        told = f"{evidence.source}, {evidence.copies} {'copy' if evidence.copies == 1 else 'copies'} ({MASKED})"
        out.print(plain(told), style="dim")
    for one in reading.hypotheses:
        stance = " ".join(f"{name} {share:.2f}" for name, share in one.stance)
        out.print(plain(f"{one.rank}. {one.subject} {one.probability:.2f}: {stance}"))
    if reading.stance_set:
        out.print(plain(f"stances that are not ruled out: {', '.join(reading.stance_set)}"))
    for decision in decisions:
        about = f" on {decision.entity}" if decision.entity else ""
        out.print()
        out.print(Styled(f"{decision.head}{about}: {decision.answer} {decision.probability:.2f}", "bold"))
        out.print(_coloured(given, decision))
        out.print(_figures(decision))
    out.print()


def _coloured(given: str, decision: "Decision") -> Styled:
    """The text with the words that speak for the answer in green and those against it in red, the strong ones bold."""
    shown = plain(given)
    for one in decision.words:
        if one.start is not None and abs(one.value) >= LEAST:
            shown.stylize(_style(one), one.start, one.end)
    return shown


def _figures(decision: "Decision") -> Styled:
    """What leaving out each of the heaviest words takes from the answer's probability; a minus speaks against it."""
    heavy = [one for one in decision.best(HEAVIEST) if abs(one.value) >= LEAST]
    cells = [Styled.assemble((f"{one.value:+.3f} ", "dim"), (str(plain(one.word)), _style(one))) for one in heavy]
    return Styled("   ").join(cells) if cells else Styled("no word alone decides", "dim")


def _style(one: "Contribution") -> str:
    colour = "green" if one.value > 0 else "red"
    return f"bold {colour}" if abs(one.value) >= STRONG else colour

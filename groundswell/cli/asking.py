"""The dialogue of ``groundswell label``: one key for the stance, a line for the topics, an answer written as it is given."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

import typer
from rich.panel import Panel
from rich.text import Text as Styled

from groundswell.cli.app import err, plain, say
from groundswell.errors import FatalError

if TYPE_CHECKING:
    from model.choose import Proposal
    from model.label_file import LabelFile
    from model.own import OwnRow

STANCES = {"n": "negative", "o": "neutral", "p": "positive"}
KEYS = "n negative · o neutral · p positive · s skip · u undo · ? topics · q quit"


class Person(Protocol):
    """Who answers."""

    def key(self) -> str:
        """One key; empty when there will be no more."""
        ...

    def line(self, asked: str) -> str:
        """A line in answer to ``asked``; EOFError when there will be no more."""
        ...


class Terminal:
    """A person at a terminal; from a file or a pipe, one answer a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def key(self) -> str:
        """One key; empty at the end of the input."""
        if not self._stream.isatty():
            return self._stream.readline().strip()[:1]
        pressed = typer.getchar()
        return "" if pressed in {"\x03", "\x04"} else pressed

    def line(self, asked: str) -> str:
        """A line in answer to ``asked``; EOFError at the end of the input."""
        err.print(plain(asked), end="")
        if not (said := self._stream.readline()):
            raise EOFError
        return said.strip()


def ask(proposals: "Sequence[Proposal]", file: "LabelFile", person: Person) -> int:
    """Show each proposal and write the answers into ``file`` as they come; the number of texts labelled.

    Undoing goes back to the text before, whatever was said of it.
    """
    from model.own import OwnRow

    place = 0
    while place < len(proposals):
        proposal = proposals[place]
        _show(proposal, place, len(proposals))
        match key := person.key():
            case "" | "q":
                break
            case "u":
                place -= file.undo()
            case "s":
                file.append(OwnRow(text=proposal.text, skipped=True))
                place += 1
            case "?":
                _list_topics()
            case _ if key in STANCES:
                try:
                    file.append(_answered(proposal, STANCES[key], person))
                except EOFError:
                    break
                place += 1
            case _:
                say(KEYS)
    return sum(row.labelled for row in file.rows[len(file.rows) - place :]) if place else 0


def _answered(proposal: "Proposal", stance: str, person: Person) -> "OwnRow":
    from model.own import OwnRow

    proposed = proposal.prediction.topic_set
    while True:
        said = person.line(f"topics, by number or id (Enter: {', '.join(proposed)}; -: leave them open): ")
        try:
            return OwnRow.model_validate({"text": proposal.text, "stance": stance, "topics": topics_of(said, proposed)})
        except FatalError as error:
            say(str(error))


def topics_of(said: str, proposed: Sequence[str]) -> tuple[str, ...] | None:
    """The topics that a line names by id or by number from 1; those ``proposed`` for an empty one, None for ``-``.

    Raises FatalError in one line for what is no topic.
    """
    from model.taxonomy import load

    if not said:
        return tuple(proposed)
    if said == "-":
        return None
    known = list(load().topics)
    found = []
    for word in said.replace(",", " ").split():
        if word.isdecimal() and 1 <= int(word) <= len(known):
            found.append(known[int(word) - 1])
        elif word in known:
            found.append(word)
        else:
            raise FatalError(f"{word}: no topic; give numbers from 1 to {len(known)} or ids, ? before the stance lists them")
    return tuple(dict.fromkeys(found))


def _show(proposal: "Proposal", place: int, of: int) -> None:
    read = proposal.prediction
    stance = " · ".join(f"{name} {share:.2f}" for name, share in zip(STANCES.values(), read.stance, strict=True))
    topics = " · ".join(f"{topic} {read.topics.get(topic, 0.0):.2f}" for topic in read.topic_set)
    why = "evidence of an alert found wrong" if proposal.urgent else f"unsure {proposal.unsure:.2f}, far {proposal.far:.2f}"
    lines = Styled("\n").join([plain(proposal.text), Styled(f"\n{stance}\n{topics}", "dim")])
    err.print(Panel(lines, title=f"{place + 1} of {of}: {why}", subtitle=KEYS, title_align="left"))


def _list_topics() -> None:
    from model.taxonomy import load

    for number, topic in enumerate(load().topics.values(), 1):
        say(f"{number:>3} {topic.id}: {topic.en} / {topic.zh}")

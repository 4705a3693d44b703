"""What a backtest keeps of a text: when and from where it came, and every reading of it."""

from typing import ClassVar

from pydantic import AwareDatetime

from groundswell.messages import Hypothesis, Identifier, Message


class TextRead(Message):
    """A text without its words, and its hypotheses: none where no pack reads its language."""

    schema_name: ClassVar[str] = "text-read/1"
    id: Identifier
    source: Identifier
    published_at: AwareDatetime
    ingested_at: AwareDatetime
    hypotheses: tuple[Hypothesis, ...]
    url: str | None = None
    words: tuple[str, ...] = ()

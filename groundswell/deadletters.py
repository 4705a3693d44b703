"""Deadletters: what could not be processed, each told once, and the records that they hold made ready to be sent again."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from groundswell.errors import PoisonError
from groundswell.kafka import Output, Record, Topics
from groundswell.messages import DeadLetter


@dataclass(frozen=True)
class Found:
    """What the deadletters topic holds: the letters in its order, and the number of records that are no letters."""

    letters: tuple[DeadLetter, ...]
    unreadable: int


def find(records: Iterable[Record]) -> Found:
    """The letters of ``records``; a stage that failed twice on one record, after a crash, tells it twice: here it is once."""
    letters: dict[tuple[str, int, int], DeadLetter] = {}
    unreadable = 0
    for record in records:
        try:
            letter = DeadLetter.from_wire(record.value)
        except PoisonError:
            unreadable += 1
            continue
        letters.setdefault((letter.topic, letter.partition, letter.offset), letter)
    return Found(tuple(letters.values()), unreadable)


def choose(letters: Iterable[DeadLetter], stage: str | None, reason: str | None) -> list[DeadLetter]:
    """The letters of ``stage`` whose reason holds ``reason``, in whatever case; none of either chooses all."""
    wanted = (reason or "").casefold()
    return [one for one in letters if stage in {None, one.stage} and wanted in one.reason.casefold()]


@dataclass(frozen=True)
class Plan:
    """What a replay sends: ``outputs``; ``copies`` letters whose record is among them already; the ``refused``, with why."""

    outputs: tuple[Output, ...]
    copies: int
    refused: tuple[tuple[DeadLetter, str], ...]


def plan(letters: Iterable[DeadLetter], topics: Topics) -> Plan:
    """The original records of ``letters`` for their places under ``topics``, each content once.

    A record that fails again leaves another letter: were its copies not told apart from it, each replay would double them.
    """
    outputs: dict[tuple[str, bytes, bytes], Output] = {}
    refused: list[tuple[DeadLetter, str]] = []
    copies = 0
    for letter in letters:
        try:
            output = original(letter, topics)
        except PoisonError as error:
            refused.append((letter, str(error)))
            continue
        content = (output.topic, output.key, output.value)
        copies += content in outputs
        outputs.setdefault(content, output)
    return Plan(tuple(outputs.values()), copies, tuple(refused))


def original(letter: DeadLetter, topics: Topics) -> Output:
    """The record that ``letter`` holds, for its topic and partition; PoisonError in one line where it cannot be sent."""
    if letter.topic not in {topics.texts, topics.hypotheses, topics.alerts}:
        raise PoisonError(f"topic {letter.topic} is not under the prefix {topics.prefix}")
    if letter.value_base64 is None:
        raise PoisonError("the record had no value")
    try:
        value = base64.b64decode(letter.value_base64, validate=True)
        key = base64.b64decode(letter.key_base64 or "", validate=True)
    except binascii.Error:
        raise PoisonError("what was kept of the record is not base64") from None
    if len(value) != letter.value_bytes:
        raise PoisonError(f"only {len(value):,} of its {letter.value_bytes:,} bytes were kept")
    headers = {name: text.encode() for name, text in letter.headers.items()}
    return Output(letter.topic, key, value, headers, letter.partition)

"""What was written before a happening began: of its subject, and where that is little, of others too."""

from collections.abc import Mapping, Sequence

from consumers.converger.events import Event, parse_subject
from consumers.converger.refine import Candidate
from groundswell.messages import Subject

THIN = 30
"""Texts of a subject before the window under which those on others are looked at too."""
EACH, OTHERS = 20, 300
"""The newest texts that are taken of each other subject, and of all together."""
Recent = Mapping[str, Sequence[Event]]
"""The events of the last hours by subject."""


def before(lead: Candidate, first: int, started: int, recent: Recent) -> list[Event]:
    """The texts on the subject of ``lead`` from minute ``first`` until its happening ``started``.

    Its window is no part of them. Where they are few, the newest texts on other subjects come with them.
    """
    window, own = {event.text_id for event in lead.events}, recent.get(lead.subject, ())
    past = [event for event in own if first <= event.minute < started and event.text_id not in window]
    if len(past) < THIN:
        past += _others(parse_subject(lead.subject), recent, first, window | {event.text_id for event in own})
    return past


def _others(subject: Subject, recent: Recent, first: int, own: set[str]) -> list[Event]:
    """The newest texts since minute ``first`` that are on other entities or topics and none of ``own``."""
    others = sorted(name for name in recent if not _shares(parse_subject(name), subject))
    newest = {event.text_id: event for name in others for event in recent[name][-EACH:] if event.minute >= first}
    return sorted((newest[one] for one in newest.keys() - own), key=lambda event: (-event.minute, event.text_id))[:OTHERS]


def _shares(one: Subject, other: Subject) -> bool:
    return one.entity == other.entity if other.entity else one.topic == other.topic

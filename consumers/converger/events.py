"""One reading of one text as the converger keeps it until its window has passed."""

import hashlib
import json
from dataclasses import dataclass

from groundswell.messages import Hypothesis, Subject
from model.abstention import counted
from model.card import Prior

UNITS = 1000
"""Stance mass is kept in whole thousandths, so that sums do not depend on the order of arrival."""


@dataclass(frozen=True, slots=True)
class Event:
    """A hypothesis with the subjects it counts for and the minute (of its publication) it counts in.

    ``negative`` and ``positive`` are probabilities in thousandths. ``entities`` are those of its text where it counts for a
    topic alone.
    """

    text_id: str
    subjects: tuple[str, ...]
    minute: int
    negative: int
    positive: int
    author: str | None
    story: str
    source: str
    excerpt: str
    url: str | None = None
    words: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    @property
    def neutral(self) -> int:
        """The rest of the probability, in thousandths."""
        return UNITS - self.negative - self.positive

    def encode(self) -> str:
        """The event without its subjects' choice, as JSON."""
        return json.dumps(
            [
                self.text_id, self.subjects, self.minute, self.negative, self.positive, self.author, self.story, self.source,
                self.excerpt, self.url, self.words, self.entities,
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )  # fmt: skip

    @classmethod
    def decode(cls, stored: bytes) -> "Event":
        """The event as the ingest script stored it, formerly without entities: a mask of what counted, then the JSON."""
        mask, _, rest = stored.decode().partition("[")
        fields = json.loads("[" + rest)
        text_id, subjects, minute, negative, positive, author, story, source, excerpt, url, words = fields[:11]
        entities = fields[11] if len(fields) > 11 else ()
        counted = tuple(name for name, bit in zip(subjects, mask, strict=True) if bit == "1")
        return cls(
            text_id, counted, minute, negative, positive, author, story, source, excerpt, url, tuple(words), tuple(entities)
        )


def event_of(
    hypothesis: Hypothesis,
    minute: int,
    url: str | None,
    words: tuple[str, ...],
    prior: Prior | None = None,
    entities: tuple[str, ...] = (),
) -> Event:
    """The event of ``hypothesis``, counted in ``minute``; its masses add up to one text, though a wire may round otherwise.

    An unsure text is no vote: its whole mass is neutral. The others count by what they say apart from ``prior``, the mix of
    stances that their pack has learnt (see `model.evidence`).
    """
    stance = counted(hypothesis.stance, prior)
    negative = round(stance.negative * UNITS)
    return Event(
        hypothesis.text_id,
        tuple(str(subject) for subject in subjects_of(hypothesis.subject)),
        minute,
        negative,
        min(round(stance.positive * UNITS), UNITS - negative),
        hypothesis.author_hash,
        hypothesis.story,
        hypothesis.source,
        hypothesis.excerpt,
        url,
        words,
        () if hypothesis.subject.entity else entities,
    )


def too_late(taken: float, observed: float, late_hours: int) -> bool:
    """Whether the bucket of a text that counts at ``taken`` is gone at ``observed``, both in seconds since the epoch."""
    return observed - taken > late_hours * 3600


def subjects_of(subject: Subject) -> list[Subject]:
    """What a reading counts for: (topic, entity) and (*, entity); or (topic, *) where it names no entity."""
    if subject.entity is None:
        return [subject]
    whole = Subject(entity=subject.entity)
    return [whole] if subject.topic is None else [subject, whole]


def parse_subject(name: str) -> Subject:
    """The subject of a name such as ``liquidity/zh00`` or ``*/zh00``."""
    topic, _, entity = name.partition("/")
    return Subject(topic=None if topic == "*" else topic, entity=None if entity == "*" else entity)


def pair_digest(text_id: str, subject: str) -> str:
    """Sixteen hexadecimal digits that stand for a (text, subject) pair."""
    return hashlib.blake2b(f"{text_id}\x1f{subject}".encode(), digest_size=8).hexdigest()

"""What the diverger tells of a hypothesis beside it: its key, which decides the partition, and the entities of its text."""

from collections.abc import Iterable

from groundswell.messages import Hypothesis


def key_of(hypothesis: Hypothesis) -> str:
    """The entity, or the topic where there is none: all that is read of one entity meets in one partition."""
    subject = hypothesis.subject
    return subject.entity or f"topic:{subject.topic}"


def entities_of(hypotheses: Iterable[Hypothesis]) -> tuple[str, ...]:
    """The entities that the ``hypotheses`` of a text name, in the order of the alphabet."""
    return tuple(sorted({one.subject.entity for one in hypotheses if one.subject.entity}))

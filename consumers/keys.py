"""The key under which a hypothesis goes from the diverger to the converger: it decides the partition."""

from groundswell.messages import Hypothesis


def key_of(hypothesis: Hypothesis) -> str:
    """The entity, or the topic where there is none: all that is read of one entity meets in one partition."""
    subject = hypothesis.subject
    return subject.entity or f"topic:{subject.topic}"

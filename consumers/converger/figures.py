"""What the converger tells Prometheus of what it holds and closes: open alerts, event time, and the volume of each topic."""

from collections import Counter
from collections.abc import Iterable, Sequence

from consumers.converger.evaluate import MEASURES
from consumers.converger.events import UNITS, Event, parse_subject
from consumers.converger.partition import Partition
from groundswell import metrics
from model.taxonomy import Taxonomy

OTHER = "other"
"""The label of topics that the taxonomy does not have: a diverger of another version may know more."""
STANCES = ("negative", "neutral", "positive")


def begin(taxonomy: Taxonomy) -> None:
    """Show all counters at 0 from the start: a rate misses what a series is born with."""
    for topic in taxonomy.topics:
        metrics.TOPIC_TEXTS.labels(topic)
        for stance in STANCES:
            metrics.TOPIC_STANCE.labels(topic, stance)
    for kind in MEASURES:
        for state in (*metrics.OPEN_STATES, "resolved"):
            metrics.ALERTS.labels(kind, state)
    for result in ("counted", "repeated", "late"):
        metrics.PAIRS.labels(result)


def show(number: int, partition: Partition) -> None:
    """Set the gauges of a partition that is held."""
    if partition.closed is not None:
        metrics.WATERMARK.labels(str(number)).set(partition.closed * 60)
    happenings = partition.happenings.values()
    metrics.FLAPPING_ALERTS.labels(str(number)).set(sum(one.alert.flapping for one in happenings if one.life.open))
    metrics.UNHEARD_ALERTS.labels(str(number)).set(sum(one.life.dry_since is not None for one in happenings if one.life.open))
    phases = Counter(str(one.life.phase) for one in happenings)
    for state in metrics.OPEN_STATES:
        metrics.OPEN_ALERTS.labels(str(number), state).set(phases[state])


def count_topics(minutes: Iterable[Sequence[Event]], taxonomy: Taxonomy) -> None:
    """Count the texts of closed minutes for their topics: each once a topic, whatever entities it names.

    A text that names an entity is a reading of (topic, entity) and, apart from it, of (topic, *); only the latter counts here.
    """
    for event in (one for events in minutes for one in events):
        for subject in map(parse_subject, event.subjects):
            if subject.topic is None or subject.entity is not None:
                continue
            topic = subject.topic if subject.topic in taxonomy.topics else OTHER
            metrics.TOPIC_TEXTS.labels(topic).inc()
            for stance in STANCES:
                metrics.TOPIC_STANCE.labels(topic, stance).inc(getattr(event, stance) / UNITS)

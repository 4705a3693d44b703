"""Who is told what, and when: whatever is held back, nobody misses what still matters, and nobody hears a thing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from consumers.notifier.decide import deliveries, telling
from consumers.notifier.delivery_queue import Delivery
from consumers.notifier.holding import Matcher
from consumers.notifier.notification import Occasion
from consumers.notifier.silences import Silence
from consumers.notifier.subscription import SEVERITIES
from groundswell.messages import Alert, Severity

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEVELS = [severity.value for severity in SEVERITIES]


class Read(NamedTuple):
    """A revision that is read, and up to which severity a silence holds then, if one does."""

    state: str
    severity: str
    silenced: str | None


reads = st.lists(
    st.builds(
        Read, st.sampled_from(["pending", "firing", "acknowledged"]), st.sampled_from(LEVELS), st.sampled_from([None, *LEVELS])
    ),
    min_size=1,
    max_size=12,
)


def silence(severity: str) -> Silence:
    match = Matcher.model_validate({"severity": severity})
    return Silence(id="s1", match=match, starts=NOW, ends=NOW + timedelta(hours=1), by="mei", why="known")


def hear(steps: list[Read], alert_of: Any, one: Any) -> tuple[list[Delivery], Alert]:
    """What a subscription hears of revisions in turn, with the release of what is held at the end; and the last revision."""
    told: dict[str, Severity] = {}
    heard: list[Delivery] = []
    aside: Alert | None = None
    last = alert_of()
    for revision, step in enumerate(steps, 1):
        last = alert_of(state=step.state, severity=step.severity, revision=revision)
        in_force = [silence(step.silenced)] if step.silenced else []
        made = telling(revision, 0, last, [one], told, in_force)
        heard += made.deliveries
        aside = last if made.held else None
    if aside:
        heard += deliveries(aside, [one], told)
    return heard, last


@given(steps=reads)
def test_who_was_silenced_knows_in_the_end_how_grave_it_is(steps: list[Read], alert_of: Any, subscription_of: Any) -> None:
    heard, last = hear(steps, alert_of, subscription_of())
    told = max((SEVERITIES.index(one.severity) for one in heard), default=-1)
    if last.state == "firing":
        assert told >= SEVERITIES.index(last.severity)


@given(steps=reads)
def test_the_first_thing_heard_is_that_it_fires(steps: list[Read], alert_of: Any, subscription_of: Any) -> None:
    heard, _ = hear(steps, alert_of, subscription_of())
    assert [one.occasion for one in heard[:1]] in ([], [Occasion.FIRING])
    ranks = [SEVERITIES.index(one.severity) for one in heard if one.occasion is not Occasion.ACKNOWLEDGED]
    assert ranks == sorted(set(ranks))


@given(steps=reads, severity=st.sampled_from(LEVELS))
def test_an_end_is_heard_by_those_alone_who_heard_of_the_alert(
    steps: list[Read], severity: str, alert_of: Any, subscription_of: Any
) -> None:
    heard, _ = hear([*steps, Read("resolved", severity, "critical")], alert_of, subscription_of())
    ends = [one for one in heard if one.occasion is Occasion.RESOLVED]
    assert len(ends) == (len(heard) > len(ends))
    assert heard[len(heard) - len(ends) :] == ends

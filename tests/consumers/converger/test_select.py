"""Select: the best window of each subject, ranked by score; nothing where there is no candidate."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from consumers.converger.events import Event
from consumers.converger.refine import Candidate
from consumers.converger.select import select
from consumers.converger.support import support
from consumers.converger.surge import Surge
from groundswell.messages import AlertKind

MakeEvent = Callable[..., Event]

KIND = AlertKind.NEGATIVE_SURGE


def candidate(event: MakeEvent, subject: str, power: int, window: int = 60) -> Candidate:
    """A candidate of four texts that would come by chance once in ten to ``power``."""
    events = [event(number, 1) for number in range(4)]
    return Candidate(subject, Surge("negative", window, 4, 1, 10.0**-power, 0.1), support(events, "negative"), events)


def test_without_candidates_there_is_no_finding() -> None:
    assert select(KIND, []) is None


def test_the_best_window_of_a_subject_stands_for_it(event: MakeEvent) -> None:
    found = select(KIND, [candidate(event, "*/acme", power, window) for power, window in ((3, 15), (9, 60), (5, 360))])
    assert found is not None
    assert (len(found.candidates), found.lead.surge.window) == (1, 60)


def test_what_scores_alike_is_in_order_of_names(event: MakeEvent) -> None:
    found = select(KIND, [candidate(event, name, 5) for name in ("b/acme", "a/acme", "*/acme")])
    assert found is not None
    assert [one.subject for one in found.candidates] == ["*/acme", "a/acme", "b/acme"]


@given(st.lists(st.tuples(st.sampled_from(["*/acme", "a/acme", "b/acme"]), st.integers(1, 40)), min_size=1, max_size=12))
def test_the_order_of_candidates_does_not_matter_and_scores_fall(event: MakeEvent, some: list[tuple[str, int]]) -> None:
    candidates = [candidate(event, subject, power) for subject, power in some]
    found, again = select(KIND, candidates), select(KIND, candidates[::-1])
    assert found is not None
    assert again is not None
    assert [(one.subject, one.surge) for one in found.candidates] == [(one.subject, one.surge) for one in again.candidates]
    scores = [one.score.total for one in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert found.lead.score.total == max(one.score.total for one in candidates)

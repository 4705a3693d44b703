"""The self-tests of the packs, again and again while a stage reads with them: one that reads wrong must not read on."""

from collections.abc import Mapping
from typing import Protocol

from groundswell import metrics
from groundswell.clock import Clock

EVERY_SECONDS = 600.0


class Tested(Protocol):
    """What can be tested: a pack."""

    def self_test(self) -> None:
        """Read the canned sentences; FatalError where one is read wrong."""
        ...


class SelfTests:
    """Tests each pack every ten minutes; made right after the packs were loaded, and so had just passed."""

    def __init__(self, packs: Mapping[str, Tested], clock: Clock) -> None:
        self._packs = packs
        self._clock = clock
        self._passed()

    def run_due(self) -> None:
        """Test all packs if it is time; raises FatalError for the first that fails, which ends the stage."""
        if self._clock.monotonic() < self._due:
            return
        for pack in self._packs.values():
            pack.self_test()
        self._passed()

    def _passed(self) -> None:
        self._due = self._clock.monotonic() + EVERY_SECONDS
        for language in self._packs:
            metrics.SELF_TEST.labels(metrics.language_label(language)).set(self._clock.now().timestamp())

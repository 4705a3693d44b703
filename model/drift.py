"""How far what a pack reads has moved from what it read in the texts that it was trained for.

The population stability index of two mixes a and e is the sum over their parts of (a - e) ln(a / e) (Siddiqi, Credit Risk
Scorecards, 2006; the symmetric divergence of Jeffreys, 1946). By custom below 0.1 nothing has moved, and from 0.25 on much
has. Two samples of n and m texts of one population differ by about (parts - 1)(1/n + 1/m) for chance alone (Yurdakul 2018).
"""

import math
from collections.abc import Mapping

FLOOR = 1e-3
"""A part that one side lacks counts as so much, since the index has no value for 0."""


def stability_index(actual: Mapping[str, float], expected: Mapping[str, float]) -> float:
    """The population stability index of two mixes, each of shares that sum to 1; 0 or more."""
    total = 0.0
    for part in {*actual, *expected}:
        now, then = max(actual.get(part, 0.0), FLOOR), max(expected.get(part, 0.0), FLOOR)
        total += (now - then) * math.log(now / then)
    return total


class Window:
    """The mix of about the last ``texts`` texts: each text makes those before it count 1/``texts`` less."""

    def __init__(self, texts: int) -> None:
        self._keep = 1 - 1 / texts
        self._least = texts / 4
        self._masses: dict[str, float] = {}
        self._texts = 0

    def add(self, shares: Mapping[str, float]) -> None:
        """Count a text by its ``shares``, which sum to 1."""
        self._texts += 1
        for part in self._masses:
            self._masses[part] *= self._keep
        for part, share in shares.items():
            self._masses[part] = self._masses.get(part, 0.0) + share

    def mix(self) -> dict[str, float] | None:
        """Part -> its share of the window; None until a quarter of the texts have come."""
        total = sum(self._masses.values())
        return {part: mass / total for part, mass in self._masses.items()} if self._texts >= self._least and total else None

"""How long to wait before the next try.

Half of a pause is fixed and half left to chance, so that what failed together is not tried together again ("equal jitter":
M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
"""

LONGEST_ASKED = 3600.0
"""Seconds beyond which a receiver's wish to be left alone is not obeyed."""
MAX_DOUBLINGS = 30


def pause(failures: int, base: float, longest: float, chance: float) -> float:
    """Seconds to wait after ``failures`` (1 or more) in a row; ``chance`` is from 0 to 1."""
    whole = min(longest, base * 2.0 ** min(failures - 1, MAX_DOUBLINGS))
    return whole / 2 * (1 + chance)


def asked(retry_after: float | None) -> float:
    """The part of ``retry_after`` (seconds, or none) that is obeyed."""
    return 0.0 if retry_after is None else max(0.0, min(LONGEST_ASKED, retry_after))

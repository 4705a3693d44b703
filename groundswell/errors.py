"""Errors are types: retryable, poison, fatal.

A message is one line that names the setting or the field, what is wrong with it, and how to mend it.
"""


class GroundswellError(Exception):
    """The root of all errors that this project raises on purpose."""


class RetryableError(GroundswellError):
    """A passing fault (broker away, timeout): the same call may succeed later."""


class PoisonError(GroundswellError):
    """One record can never be processed: it goes to deadletters with this reason, the others go on."""


class FatalError(GroundswellError):
    """The process cannot go on: a bad setting, a missing pack, a broken installation. Ends with exit status 1."""


class FencedError(RetryableError):
    """A partition's state is not what its owner left: another has it, or the store lost its last second. Open it anew."""

    def __init__(self, message: str, partition: int) -> None:
        super().__init__(message)
        self.partition = partition

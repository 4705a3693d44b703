"""Where receivers may stand: on public addresses, and on private ones where the settings allow it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from consumers.notifier.channels.base import NotTakenError, RefusedError
from consumers.notifier.channels.bounded import within
from groundswell.address import is_public, resolve

Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Addresses:
    """The addresses of hosts, looked up anew each time; ``allow_private`` is the setting of that name."""

    allow_private: bool
    resolve: Resolver = resolve

    def of(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """The addresses of ``host``, which may all be connected to.

        Raises RefusedError where one of them is private, NotTakenError where none is known within ``seconds``.
        """
        try:
            found = within(seconds, partial(self.resolve, host, port))
        except OSError:  # a TimeoutError is one
            raise NotTakenError(f"{host}: the name does not resolve") from None
        if not self.allow_private and not all(is_public(address) for address in found):
            raise RefusedError(f"{host} stands on a private address; set notifier.allow_private = true if it may be told")
        return found

    def check(self, host: str, port: int, seconds: float) -> None:
        """Raise RefusedError where ``host`` stands on a private address now; a name that does not resolve yet may pass."""
        try:
            self.of(host, port, seconds)
        except NotTakenError:
            return

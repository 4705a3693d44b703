"""Connections of webhooks: to the address that was checked and no other, and never longer than the deadline."""

from collections.abc import Iterable
from typing import Any

import httpcore

from consumers.notifier.channels.address import Addresses
from groundswell.clock import Clock

CHUNK = 8192
"""Bytes written before the time is looked at again."""


class Deadline:
    """A point in time up to which a delivery may last, names and TLS included."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; raises httpcore.ReadTimeout where there are none."""
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left


class PinnedBackend(httpcore.NetworkBackend):
    """Resolves the host of a connection, checks all its addresses, and connects to one of those."""

    def __init__(self, addresses: Addresses, deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the signature is httpcore's; the deadline goes before it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A stream to the first address of ``host`` that answers; the time left is shared out among them.

        Raises what Addresses.of raises, httpcore.ConnectError and httpcore.ConnectTimeout.
        """
        found = self._addresses.of(host, port, self._deadline.left())
        failure: Exception = httpcore.ConnectError("no address")
        for tried, address in enumerate(found):
            share = self._deadline.left() / (len(found) - tried)
            try:
                stream = self._sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _BoundedStream(stream, self._deadline)
        raise failure


class _BoundedStream(httpcore.NetworkStream):
    """A stream each of whose steps has what is left of the deadline, so that drops at long intervals stretch nothing."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), CHUNK):
            self._stream.write(buffer[start : start + CHUNK], self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

"""Ports of this machine: free ones for private stacks, and who holds one that is wanted."""

import secrets
import socket

import psutil

from groundswell.errors import FatalError

LOOPBACK = "127.0.0.1"
FREE_PORTS = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections: a client that reconnects for ever to a port of its own
range can by chance connect to itself and so hold the port against the server that comes back."""
TRIES = 500
_given: set[int] = set()


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on at the moment, and that this process was not given before: who was may not listen yet.

    FatalError when hundreds of tries find none.
    """
    for _ in range(TRIES):
        port = secrets.choice(FREE_PORTS)  # a source that nobody seeds: others may draw at the same time
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise FatalError(f"no free port between {FREE_PORTS.start} and {FREE_PORTS.stop}: stop what holds them")


def require_free(port: int, name: str, flag: str) -> None:
    """FatalError that names ``port``, who holds it where that can be told, and ``flag``, which chooses another."""
    if not is_free(port):
        raise FatalError(f"port {port} for {name} is taken{_holder(port)}: stop that, or choose another with {flag}")


def answers(port: int) -> bool:
    """Whether something accepts connections on ``port`` of the loopback interface."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})" if connection.pid else ""
    except (psutil.Error, OSError):
        return ""  # other people's processes are hidden from us on some systems
    return ""

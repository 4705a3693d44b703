# ruff: noqa: INP001 - a script of the image, no part of a package
"""Ask the process of this container how it is: exit 0 when its ``/healthz`` answers 200, else 1 with the reason.

The argument is its metrics port. Without one all ports that processes of Groundswell open by default are tried: a container
runs one process, so the one that answers is it.
"""

import http.client
import sys

PORTS = (9101, 9102, 9103, 9104, 9105)
PATIENCE = 3.0
"""Longest wait for an answer, seconds; under the time-out of the health check."""


def ask(port: int) -> tuple[int, str] | None:
    """Return status and body of the page at ``port``; none where nothing listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def main(arguments: list[str]) -> str | None:
    """Return none where the process is well, else the reason in one line."""
    ports = [int(argument) for argument in arguments] or PORTS
    answers = [answer for port in ports if (answer := ask(port)) is not None]
    if not answers:
        return f"no answer from /healthz at port {', '.join(map(str, ports))}"
    return next((body for status, body in answers if status != http.client.OK), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How a webhook's receiver is connected to: at the checked address, under its name, within the deadline."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from consumers.notifier.channels.base import NotTakenError
from consumers.notifier.channels.webhook import WebhookChannel
from consumers.notifier.notification import Notification
from groundswell.settings import NotifierSettings

HERE = NotifierSettings(allow_private=True)
PUBLIC = "93.184.215.14"
Told = Callable[..., Notification]


@pytest.fixture(scope="session")
def channel() -> WebhookChannel:
    """Private addresses allowed."""
    return WebhookChannel(HERE)


def test_an_answer_byte_by_byte_does_not_stretch_the_deadline(told: Told) -> None:
    started = time.monotonic()

    with (
        Dripping(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000, pause=0.05) as url,
        pytest.raises(NotTakenError, match=r"no answer within 0\.5 s"),
    ):
        WebhookChannel(NotifierSettings(allow_private=True, deadline=0.5)).deliver(told(url))

    assert time.monotonic() - started < 2


def test_a_lookup_without_end_does_not_stretch_the_deadline(told: Told) -> None:
    released = threading.Event()

    def never(_host: str, _port: int) -> list[str]:
        released.wait(10)
        return []

    with pytest.raises(NotTakenError, match="does not resolve"):
        WebhookChannel(NotifierSettings(deadline=0.2), resolver=never).deliver(told("https://slow.example/"))
    released.set()


def test_the_body_of_an_answer_is_not_waited_for(told: Told) -> None:
    with Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", pause=0) as url:
        assert WebhookChannel(HERE).deliver(told(url)) == "answered 200"


def test_a_receiver_that_is_away_is_asked_again(channel: WebhookChannel, told: Told) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        with pytest.raises(NotTakenError, match=r"127\.0\.0\.1: connection refused"):
            channel.deliver(told(f"http://127.0.0.1:{taken.getsockname()[1]}/"))


def test_a_receiver_that_speaks_no_http_is_asked_again(channel: WebhookChannel, told: Told) -> None:
    with Dripping(b"220 mail ready\r\n\r\n", pause=0) as url, pytest.raises(NotTakenError, match="does not speak HTTP"):
        channel.deliver(told(url))


def test_the_address_that_was_checked_is_the_one_connected_to(
    told: Told, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    connected: list[Any] = []
    real = socket.create_connection

    def connect(address: Any, *rest: Any, **named: Any) -> socket.socket:
        connected.append(address[0])
        return real(("127.0.0.1", address[1]), *rest, **named)

    def lookup(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return [PUBLIC] if len(looked_up) == 1 else ["127.0.0.1"]

    monkeypatch.setattr(socket, "create_connection", connect)
    WebhookChannel(NotifierSettings(), resolver=lookup).deliver(told(receiver.url.replace("127.0.0.1", "rebind.example")))

    assert looked_up == ["rebind.example"]
    assert connected == [PUBLIC]
    assert receiver.requests[0][1]["Host"].startswith("rebind.example:")


def test_the_next_address_is_tried_where_one_does_not_answer(told: Told, receiver: Any) -> None:
    channel = WebhookChannel(HERE, resolver=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])

    assert channel.deliver(told(receiver.url.replace("127.0.0.1", "two.example"))) == "answered 204"


def test_proxies_of_the_environment_are_not_used(told: Told, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert WebhookChannel(HERE).deliver(told(receiver.url)) == "answered 204"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> Iterator[tuple[int, list[Any]]]:
    """A TLS receiver for ``desk.example``: its port, and what it saw, the SNI and then the request."""
    seen: list[Any] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("desk.example").configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        raw, _ = listener.accept()
        with raw:
            try:
                with context.wrap_socket(raw, server_side=True) as stream:
                    request = b""
                    while not request.endswith(b"}"):  # to the end: closing on unread bytes may take the answer away
                        request += stream.recv(65536) or b"}"
                    seen.append(request)
                    stream.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:  # the caller does not like the certificate
                return

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], seen
    thread.join()
    listener.close()


def trusting(authority: trustme.CA | None) -> WebhookChannel:
    context = ssl.create_default_context()
    if authority:
        authority.configure_trust(context)
    return WebhookChannel(HERE, resolver=lambda _host, _port: ["127.0.0.1"], certificates=context)


def test_over_tls_the_name_stays_the_name(tls: tuple[int, list[Any]], authority: trustme.CA, told: Told) -> None:
    port, seen = tls

    assert trusting(authority).deliver(told(f"https://desk.example.:{port}/hook")) == "answered 204"

    assert seen[0] == "desk.example"
    assert f"Host: desk.example:{port}".encode() in seen[1]


def test_a_certificate_of_another_name_is_not_accepted(tls: tuple[int, list[Any]], authority: trustme.CA, told: Told) -> None:
    with pytest.raises(NotTakenError, match=r"other\.example: its certificate does not hold"):
        trusting(authority).deliver(told(f"https://other.example:{tls[0]}/hook"))


def test_a_certificate_of_an_unknown_authority_is_not_accepted(tls: tuple[int, list[Any]], told: Told) -> None:
    with pytest.raises(NotTakenError, match="its certificate does not hold"):
        trusting(None).deliver(told(f"https://desk.example:{tls[0]}/hook"))


class Dripping:
    """A server that answers its one caller with one byte at a time, ``pause`` seconds apart, and then holds the line."""

    def __init__(self, answer: bytes, pause: float) -> None:
        self._answer = answer
        self._pause = pause
        self._over = threading.Event()

    def __enter__(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        caller, _ = self._listener.accept()
        with caller:
            for byte in self._answer:
                if self._over.wait(self._pause) or not self._sent(caller, byte):
                    return
            self._over.wait(5)

    def _sent(self, caller: socket.socket, byte: int) -> bool:
        try:
            caller.sendall(bytes([byte]))
        except OSError:
            return False
        return True

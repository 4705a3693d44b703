"""What the tests of the channels share: notifications of one alert, and a receiver on this machine that keeps what it gets."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from consumers.notifier.notification import Notification, Occasion, key_of
from consumers.notifier.subscription import AppriseTarget, Subscription, WebhookTarget
from groundswell.messages import Alert, AlertKind, AlertState, Bilingual, Evidence, Ranked, Severity, Stance, Subject

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Told = Callable[..., Notification]


@dataclass
class Receiver:
    """An HTTP server on 127.0.0.1: answers ``status`` with ``answer_headers`` and keeps every request."""

    url: str = ""
    status: int = 204
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.requests.append((self.path, dict(self.headers), body))
            self.send_response(kept.status)
            for name, value in kept.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(kept.answer)))
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook?token=t0ken"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def told() -> Told:
    """A notification of one alert to a webhook or an Apprise URL."""

    def make(url: str, *, apprise: bool = False, secret: str = SECRET, occasion: Occasion = Occasion.FIRING) -> Notification:
        target = AppriseTarget.model_validate({"url": url}) if apprise else _webhook(url, secret)
        subscription = Subscription(name="desk", id="d1", target=target, created_at=NOON)
        return Notification(key_of(subscription, _alert(), occasion), occasion, _alert(), subscription)

    return make


def _webhook(url: str, secret: str) -> WebhookTarget:
    return WebhookTarget.model_validate({"url": url, "secret": secret})


def _alert() -> Alert:
    return Alert(
        id="a1",
        kind=AlertKind.NEGATIVE_SURGE,
        state=AlertState.FIRING,
        severity=Severity.CRITICAL,
        subject=Subject(topic="fraud", entity="acme"),
        headline=Bilingual(zh="顶点：负面舆情激增", en="Acme: negative opinion surges"),
        started_at=NOON,
        detected_at=NOON,
        updated_at=NOON,
        observed=31.4,
        expected=2.1,
        ratio=14.9,
        p_value=1e-9,
        window_minutes=15,
        texts=34,
        authors=20,
        stories=12,
        sources=3,
        hypotheses=(Ranked(subject=Subject(topic="fraud", entity="acme"), score=9.0),),
        evidence=(
            Evidence(excerpt="账目对不上 <b>", source="wire", copies=2, stance=Stance(negative=0.9, neutral=0.1, positive=0)),
        ),
        revision=2,
    )

"""What the tests of the channels share: notifications of one alert, and a receiver on this machine that keeps what it gets."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from consumers.notifier.notification import Notification, Occasion, key_of
from consumers.notifier.subscription import AppriseTarget, Subscription, WebhookTarget
from groundswell.messages import Alert
from tests.alerts import NOON, alert_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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
    subject = {"topic": "fraud", "entity": "acme"}
    stance = {"negative": 0.9, "neutral": 0.1, "positive": 0}
    return alert_of(
        subject=subject,
        headline={"zh": "顶点：负面舆情激增", "en": "Acme: negative opinion surges"},
        hypotheses=[{"subject": subject, "score": 9.0}],
        evidence=[{"excerpt": "账目对不上 <b>", "source": "wire", "copies": 2, "stance": stance}],
        revision=2,
        observed=31.4,
        expected=2.1,
        ratio=14.9,
        texts=34,
    )

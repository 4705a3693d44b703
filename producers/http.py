"""`groundswell produce http`: texts by POST, one JSON object or NDJSON; 202 only after Kafka acknowledged all of them.

All or nothing: one bad line and no text of the request is sent. ``id`` may be left out and ``ingested_at`` must be: the
server's clock sets it. NUL and lone surrogates are refused here, where a caller can mend them. After a 503 the same
request may be sent again: the ids follow from the content. Nothing of a body is logged.
"""

import asyncio
import hmac
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from groundswell.clock import Clock
from groundswell.errors import FatalError, GroundswellError
from groundswell.kafka import Publisher, Topics
from groundswell.messages import Text
from groundswell.metrics import PRODUCED, REFUSED
from groundswell.settings import IngestSettings, Settings
from producers.courier import Courier
from producers.lag import Lag, LagWatcher
from producers.rows import ZONE_BY_CALLER, Defaults, RowError, json_object, to_text
from producers.send import text_output

JSON = "application/json"
NDJSON = "application/x-ndjson"
BODY_TIMEOUT = 30.0
"""Seconds in which a body must have come."""
ACK_TIMEOUT = 20.0
"""Seconds in which Kafka must have acknowledged."""
IN_FLIGHT = 8
"""Bodies of the largest size that are in hand at once."""
RETRY_AFTER = "5"

_DEFAULTS = Defaults(zone_mend=ZONE_BY_CALLER)


class _Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An answer other than 202: status, reason and what else the caller is told."""

    def __init__(self, status: HTTPStatus, reason: str, **more: object) -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"error": reason} | more
        self.headers: dict[str, str] = {}
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            self.headers["Retry-After"] = RETRY_AFTER
        if status is HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = 'Bearer realm="groundswell"'


@dataclass
class Ingest:
    """The service without its server: what a request goes through."""

    settings: IngestSettings
    topics: Topics
    courier: Courier
    clock: Clock
    lag: Lag
    ack_timeout: float = ACK_TIMEOUT
    _bytes: int = field(default=0, init=False)

    async def texts(self, request: Request) -> Response:
        """POST /v1/texts."""
        try:
            ids = await self._accept(request)
        except _Refusal as refusal:
            REFUSED.labels("http", refusal.status.name.lower()).inc()
            return JSONResponse(refusal.body, refusal.status, refusal.headers)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody hears it
        PRODUCED.labels("http").inc(len(ids))
        return JSONResponse({"accepted": len(ids), "ids": ids}, HTTPStatus.ACCEPTED)

    async def _accept(self, request: Request) -> list[str]:
        self._authorise(request)
        kind = _content_type(request)
        self._check_lag()
        body = await self._whole_body(request)
        self._bytes += len(body)
        try:
            texts = await asyncio.to_thread(parse_body, body, kind, self.clock)
            await self._send(texts)
        finally:
            self._bytes -= len(body)
        return [text.id for text in texts]

    def _authorise(self, request: Request) -> None:
        if self.settings.token is None:
            return
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        wanted = self.settings.token.get_secret_value().encode()
        same = hmac.compare_digest(shown.strip().encode("utf-8", "surrogateescape"), wanted)
        if scheme.lower() != "bearer" or not same:
            raise _Refusal(HTTPStatus.UNAUTHORIZED, "show the token: Authorization: Bearer TOKEN")

    def _check_lag(self) -> None:
        if self._bytes >= IN_FLIGHT * self.settings.max_body_bytes:
            raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests in hand; come back later")
        lag = self.lag()
        if lag is not None and lag > self.settings.max_lag:
            raise _Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"{lag:,} texts wait to be read; come back later")

    async def _whole_body(self, request: Request) -> bytes:
        limit = self.settings.max_body_bytes
        too_large = _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {limit:,} bytes; send it in parts")
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise too_large
        except TimeoutError:
            raise _Refusal(HTTPStatus.REQUEST_TIMEOUT, f"no whole body within {BODY_TIMEOUT:g} s") from None
        return bytes(body)

    async def _send(self, texts: list[Text]) -> None:
        done = self.courier.submit([text_output(self.topics, text) for text in texts])
        try:
            await asyncio.wait_for(asyncio.wrap_future(done), self.ack_timeout)
        except (TimeoutError, GroundswellError):
            reason = "Kafka did not acknowledge in time; send the same again, each text counts once"
            raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason) from None


def _content_type(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, NDJSON}:
        raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {JSON} (one text) or {NDJSON} (one text a line)")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body without content-encoding")
    return kind


def parse_body(body: bytes, kind: str, clock: Clock) -> list[Text]:
    """The texts of a body, at least one; the refusal names the first bad line."""
    texts: list[Text] = []
    for number, line in _lines(body, kind):
        try:
            texts.append(_parse(line, clock))
        except RowError as error:
            more = {"field": error.field} if error.field else {}
            raise _Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error.reason, line=number, **more) from None
    if not texts:
        raise _Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "no text in the body", line=1)
    return texts


def _lines(body: bytes, kind: str) -> Iterator[tuple[int, bytes]]:
    if kind == JSON:
        yield 1, body
        return
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _parse(line: bytes, clock: Clock) -> Text:
    fields = json_object(_utf_8(line))
    if "ingested_at" in fields:
        raise RowError("ingested_at", "set by the server: leave it out")
    for name, value in fields.items():
        if any(_unfit(part) for part in (name, value) if isinstance(part, str)):
            raise RowError(ascii(name)[1:-1][:100], "holds NUL or half of a surrogate pair: take it out")
    return to_text(fields, _DEFAULTS, clock)


def _utf_8(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowError(None, f"not UTF-8: {error.reason} at byte {error.start + 1}") from None


def _unfit(value: str) -> bool:
    return "\0" in value or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value))


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _error(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    return JSONResponse({"error": "internal error"}, HTTPStatus.INTERNAL_SERVER_ERROR)


def create_app(ingest: Ingest) -> Starlette:
    """The ASGI application: POST /v1/texts and GET /healthz."""
    routes = [Route("/v1/texts", ingest.texts, methods=["POST"]), Route("/healthz", _healthy, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={HTTPException: _error, Exception: _error})


def check_host(settings: IngestSettings) -> None:
    """Refuse, with FatalError, to serve others than this machine without a token."""
    if settings.token is not None or settings.host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise FatalError(
            f"ingest.host {settings.host} is open to other machines and ingest.token is not set: "
            "set a token, or serve 127.0.0.1"
        )


def _listen(settings: IngestSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        place = f"ingest.host {settings.host}, ingest.port {settings.port}"
        raise FatalError(f"{place}: {error.strerror}; set another, or stop what holds it") from None


def serve(
    settings: Settings,
    publisher: Publisher,
    clock: Clock,
    group: str,
    ready: Callable[[int], None] = lambda _port: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; ``group`` is the consumer group whose lag makes callers wait.

    ``ready`` is called with the port once it is. Raises FatalError when the port cannot be had, or the host is open
    to others without a token.
    """
    check_host(settings.ingest)
    with _listen(settings.ingest) as listener:
        watcher, courier = LagWatcher(settings, group, clock), Courier(publisher)
        topics = Topics(settings.kafka.topic_prefix)
        app = create_app(Ingest(settings.ingest, topics, courier, clock, watcher.lag))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=3, lifespan="off"
        )
        # uvicorn raises the signal that stopped it once more when it is done: that must not kill us then.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)
        ready(listener.getsockname()[1])
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            watcher.close()
            courier.close(patience=1.0)

"""One polite, bounded HTTP request for a feed: conditional, small, and led to no private address by a stranger.

The URL in the list is the operator's own and may be anywhere. A redirect is the server's word: it is followed to public
addresses only (resolved, checked, and connected to what was checked), unless the feed itself stands on a private one.
"""

import asyncio
import socket
import zlib
from dataclasses import dataclass
from typing import Any

import httpx

from groundswell.address import is_public

MAX_BODY = 5 * 1024 * 1024
"""Bytes of a feed, compressed or not, beyond which it is refused."""
TIMEOUT = 60.0
"""Seconds for the whole of a request, redirects and body included."""
MAX_REDIRECTS = 5
PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}
HEADERS = {
    "User-Agent": "groundswell",
    "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip",
}


class FetchError(Exception):
    """The feed could not be had, in one line."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server gave to ask whether anything has changed."""

    etag: str | None = None
    modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers that make a request conditional."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; ``moved`` is the new address of a feed that moved for good."""

    status: int
    body: bytes
    content_type: str
    validators: Validators
    retry_after: str | None
    moved: str | None


def client() -> httpx.AsyncClient:
    """The HTTP client of all feeds; the caller closes it."""
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=10)
    return httpx.AsyncClient(headers=HEADERS, timeout=httpx.Timeout(20.0), limits=limits, follow_redirects=False)


async def fetch(http: httpx.AsyncClient, url: str, validators: Validators) -> Answer:
    """GET ``url`` if it has changed. Raises FetchError for whatever is no answer of at most MAX_BODY bytes in time."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _follow(http, httpx.URL(url), validators)
    except TimeoutError:
        raise FetchError(f"no whole answer within {TIMEOUT:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchError(f"{type(error).__name__}: {error}".rstrip(": ")) from None
    except (OSError, ValueError, zlib.error) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from None


async def _follow(http: httpx.AsyncClient, url: httpx.URL, validators: Validators) -> Answer:
    trusted = await _is_private(url)
    permanent, moved = True, None
    sent_to, headers, extensions = url, validators.headers(), dict[str, Any]()
    for _ in range(MAX_REDIRECTS + 1):
        async with http.stream("GET", sent_to, headers=headers, extensions=extensions) as response:
            if response.status_code not in REDIRECTS or "location" not in response.headers:
                return await _answer(response, moved)
            permanent = permanent and response.status_code in PERMANENT
            url = url.join(response.headers["location"])
        moved = str(url) if permanent else moved
        sent_to, headers, extensions = url, validators.headers(), {}
        if not trusted:
            address = await _public_address(url)
            sent_to = url.copy_with(host=address)
            headers |= {"Host": url.netloc.decode("ascii")}
            extensions = {"sni_hostname": url.host}
    raise FetchError(f"more than {MAX_REDIRECTS} redirects")


async def _answer(response: httpx.Response, moved: str | None) -> Answer:
    found = response.headers
    validators = Validators(found.get("etag"), found.get("last-modified"))
    body = await _body(response) if response.status_code == httpx.codes.OK else b""
    return Answer(response.status_code, body, found.get("content-type", ""), validators, found.get("retry-after"), moved)


async def _body(response: httpx.Response) -> bytes:
    """The body, unpacked no further than the limit: a small one may hold gigabytes."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise FetchError(f"content-encoding {encoding[:40]!r} was not asked for")
    unpack = None if encoding in {"identity", ""} else zlib.decompressobj(wbits=47)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk if unpack is None else unpack.decompress(chunk, MAX_BODY + 1 - len(body))
        if len(body) > MAX_BODY or (unpack is not None and unpack.unconsumed_tail):
            raise FetchError(f"larger than {MAX_BODY:,} bytes")
    if unpack is not None and not unpack.eof:
        raise FetchError("the compressed body ends too soon")
    return bytes(body)


async def _addresses(url: httpx.URL) -> list[str]:
    if url.scheme not in {"http", "https"} or not url.host:
        raise FetchError(f"a redirect to {url.scheme}: is not followed")
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    return [str(place[4][0]) for place in found]


async def _is_private(url: httpx.URL) -> bool:
    """Whether the operator's own URL stands on a private address; a name that does not resolve here is none."""
    try:
        return not all(is_public(address) for address in await _addresses(url))
    except OSError:
        return False


async def _public_address(url: httpx.URL) -> str:
    addresses = await _addresses(url)
    if not addresses or not all(is_public(address) for address in addresses):
        raise FetchError("a redirect to a private address is not followed")
    return addresses[0]

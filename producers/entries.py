"""The entries of a feed document to texts: without markup, in the right minute, with an identity that edits leave."""

import hashlib
import html
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import feedparser
import nh3

from groundswell.clock import Clock
from groundswell.messages import Text
from producers.feedlist import Feed
from producers.rows import Defaults, RowError, to_text
from producers.times import NaiveTimeError, parse_time

MOST = 5_000
"""Entries of one document that are read; the rest of a longer one is left."""
MOST_TAGS = 10_000
"""Tags of a text beyond which they are cut out without a real parse, which costs the square of their nesting."""
ZONE_MEND = "name the feed's zone in the list of feeds (zone: Asia/Shanghai)"

_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|ol|p|"
    r"pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(rb"&#(?:x(?P<hex>[0-9a-fA-F]{1,9})|(?P<dec>[0-9]{1,9}));")
_TAG = re.compile(r"<[^<>]*>?")
_ENDS_IN_ZONE = re.compile(r"(?:[zZ]|[+-]\d\d:?\d\d|\b[A-Z]{2,5})\)?$")


class NotAFeedError(Exception):
    """The document is no feed that can be read, in one line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: ``keys`` by which it is known again (its identity first), and its text or why there is none."""

    keys: tuple[str, ...]
    text: Text | None
    refused: str | None = None


def read_entries(document: bytes, content_type: str, feed: Feed, clock: Clock) -> list[Entry]:
    """The entries of ``document`` in its order; NotAFeedError where it is no feed."""
    # A stream, for feedparser takes a string that looks like a URL or a path for the place of the document.
    try:
        parsed = feedparser.parse(
            io.BytesIO(_REFERENCE.sub(_mended, document)),
            response_headers={"content-type": content_type},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001 - what a stranger's document does to the parser ends this poll only
        raise NotAFeedError(f"the answer cannot be parsed ({type(error).__name__})") from None
    if not parsed.get("version") and not parsed.entries:
        raise NotAFeedError("the answer is neither RSS nor Atom")
    entries = parsed.entries[:MOST]
    links = Counter(entry.get("link") for entry in entries)
    return [_entry(entry, feed, links[entry.get("link")] > 1, clock) for entry in entries]


def _mended(reference: re.Match[bytes]) -> bytes:
    """The character reference, or that of U+FFFD for half of a surrogate pair, which breaks the parser."""
    code = int(reference["hex"], 16) if reference["hex"] else int(reference["dec"])
    return b"&#65533;" if 0xD800 <= code <= 0xDFFF else reference[0]


def _entry(entry: dict[str, Any], feed: Feed, shared_link: bool, clock: Clock) -> Entry:  # noqa: FBT001
    title, body = plain(entry.get("title_detail")), _body(entry)
    link = entry.get("link")
    written = _written(entry)
    content = _key(feed.source, "content", title, body, *(raw for raw, _ in written))
    named = entry.get("id") or (None if shared_link else link)
    keys = (_key(feed.source, "named", named), content) if named else (content,)
    fields: dict[str, object] = {
        "id": keys[0],
        "text": body or title,
        "title": title[:2_000] or None,
        "kind": feed.kind,
        "source": feed.source,
        "author": (entry.get("author") or "").strip()[:200] or None,
        "url": link if isinstance(link, str) and 0 < len(link) <= 2_000 else None,
        "lang": feed.lang,
    }
    try:
        fields["published_at"] = _published(written, feed.time_zone, clock)
        return Entry(keys, to_text(fields, Defaults(), clock))
    except RowError as error:
        return Entry(keys, None, str(error))


def _body(entry: dict[str, Any]) -> str:
    contents = [plain(detail) for detail in entry.get("content", ())]
    return max(contents, key=len, default="") or plain(entry.get("summary_detail"))


def plain(detail: Mapping[str, Any] | None) -> str:
    """The text of a title, summary or content without markup, on one line; block elements part words."""
    value = (detail or {}).get("value") or ""
    if (detail or {}).get("type") != "text/plain":
        if value.count("<") > MOST_TAGS:
            value = _TAG.sub(" ", value)
        value = nh3.clean(_BLOCK.sub(" <", value), tags=set(), clean_content_tags={"script", "style"})
        value = html.unescape(value)
    return " ".join(value.split())


def _written(entry: dict[str, Any]) -> list[tuple[str, Any]]:
    """The times that the entry gives, best first, as written and as feedparser reads them."""
    # dict.get, for feedparser's own get answers with a deprecated substitute for what is not there.
    names = ("published", "updated", "created")
    found = [(dict.get(entry, name), dict.get(entry, f"{name}_parsed")) for name in names]
    return [(str(raw).strip(), parsed) for raw, parsed in found if raw]


def _published(written: list[tuple[str, Any]], zone: tzinfo | None, clock: Clock) -> datetime:
    """When the entry was published; without any time it is published as it is found."""
    fault = None
    for raw, parsed in written:
        try:
            return _time(raw, parsed, zone)
        except NaiveTimeError as error:
            fault = f"{error}: {ZONE_MEND}"
        except ValueError as error:
            fault = str(error)
    if fault:
        raise RowError("published_at", fault)
    return clock.now()


def _time(raw: str, parsed: Any, zone: tzinfo | None) -> datetime:
    try:
        return parse_time(raw, zone)
    except NaiveTimeError:
        raise
    except ValueError:
        if parsed is None:
            raise
    # A format that only feedparser knows; it takes what has no zone for UTC.
    naive = datetime(*parsed[:6])  # noqa: DTZ001 - given its zone below
    return parse_time(naive.replace(tzinfo=UTC) if _ENDS_IN_ZONE.search(raw) else naive, zone)


def _key(*parts: object) -> str:
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=16).hexdigest()

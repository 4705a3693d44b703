"""Feeds from local servers to the real broker: each entry once, polite, and nobody held up by another's failure."""

import asyncio
import gzip
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from groundswell.clock import ManualClock
from groundswell.kafka import Publisher, Record, Topics
from groundswell.messages import Text
from groundswell.settings import Settings
from producers.courier import Courier
from producers.feedlist import Feed
from producers.feeds import Polled, Poller, Status, follow, pause
from producers.fetch import client

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
Look = Callable[[], list[Record]]


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'.encode()


def item(name: str, title: str = "Shares fall") -> str:
    date = "Mon, 09 Mar 2026 09:30:00 GMT"
    return f"<item><guid>{name}</guid><title>{title} {name}</title><pubDate>{date}</pubDate></item>"


@dataclass
class Site:
    """A local web site: what it answers by path, and what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, dict(self.headers)))
            status, headers, body = made.answers[self.path]
            if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def courier(publisher: Publisher) -> Iterator[Courier]:
    made = Courier(publisher)
    yield made
    made.close()


@dataclass
class Bench:
    """Polls feeds of the site, each time with the memory that is on disk, as after a restart."""

    site: Site
    courier: Courier
    topics: Topics
    folder: Path

    def poll(self, path: str, **options: object) -> Polled:
        async def once() -> Polled:
            async with client() as http:
                feed = Feed.model_validate({"url": self.site.url(path), "source": "wire", **options})
                clock = ManualClock(NOW)
                return await Poller(feed, http, self.courier, self.topics, folder=self.folder, clock=clock).poll()

        return asyncio.run(once())


@pytest.fixture
def bench(site: Site, courier: Courier, topics: Topics, tmp_path: Path) -> Bench:
    return Bench(site, courier, topics, tmp_path)


def test_each_entry_is_sent_once_across_polls_and_restarts(bench: Bench, texts_topic: Look) -> None:
    bench.site.answers["/a"] = (200, {}, rss(item("1"), item("2")))
    assert bench.poll("/a").new == 2
    bench.site.answers["/a"] = (200, {}, rss(item("3"), item("1"), item("2")))
    polled = bench.poll("/a")
    assert (polled.new, polled.known) == (1, 2)
    assert sorted(Text.from_wire(record.value).text[-1] for record in texts_topic()) == ["1", "2", "3"]


def test_an_edited_entry_is_the_same_entry(bench: Bench) -> None:
    bench.site.answers["/a"] = (200, {}, rss(item("1")))
    bench.poll("/a")
    bench.site.answers["/a"] = (200, {}, rss(item("1", "Corrected: shares rise")))
    assert bench.poll("/a").known == 1


def test_a_lost_memory_sends_the_same_ids_again(bench: Bench, texts_topic: Look, tmp_path: Path) -> None:
    bench.site.answers["/a"] = (200, {}, rss(item("1")))
    bench.poll("/a")
    for file in (tmp_path / "feeds").iterdir():
        file.write_text("{damaged")
    assert bench.poll("/a").new == 1
    assert len({record.key for record in texts_topic()}) == 1


def test_an_unchanged_feed_is_not_sent_again_by_the_server(bench: Bench) -> None:
    bench.site.answers["/a"] = (200, {"ETag": '"v1"'}, rss(item("1")))
    bench.poll("/a")
    assert bench.poll("/a").status is Status.UNCHANGED
    assert bench.site.asked[-1][1]["If-None-Match"] == '"v1"'


def test_entries_without_a_zone_come_in_once_the_list_names_it(bench: Bench, texts_topic: Look) -> None:
    naive = "<item><guid>1</guid><title>大跌</title><pubDate>2026-03-09 09:30:00</pubDate></item>"
    bench.site.answers["/a"] = (200, {"ETag": '"v1"'}, rss(naive))
    assert bench.poll("/a").refused == 1
    assert bench.poll("/a", zone="Asia/Shanghai").new == 1
    assert Text.from_wire(texts_topic()[0].value).published_at == datetime(2026, 3, 9, 1, 30, tzinfo=UTC)


def test_a_feed_that_is_gone_says_so(bench: Bench) -> None:
    bench.site.answers["/a"] = (410, {}, b"")
    assert bench.poll("/a").status is Status.GONE


@pytest.mark.parametrize("asked", ["7200", "Mon, 09 Mar 2026 14:00:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_is_given_it(bench: Bench, status: int, asked: str) -> None:
    bench.site.answers["/a"] = (status, {"Retry-After": asked}, b"")
    polled = bench.poll("/a")
    assert (polled.status, polled.retry_after) == (Status.FAILED, 7200)
    assert pause(Feed(url="http://x/", source="s"), polled, failures=1) == 7200


def test_a_redirect_is_followed(bench: Bench) -> None:
    bench.site.answers["/a"] = (301, {"Location": "/b"}, b"")
    bench.site.answers["/b"] = (200, {}, rss(item("1")))
    assert bench.poll("/a").new == 1


def test_redirects_without_end_are_not(bench: Bench) -> None:
    bench.site.answers["/a"] = (302, {"Location": "/a"}, b"")
    assert "redirects" in str(bench.poll("/a").reason)
    assert len(bench.site.asked) == 6


@pytest.mark.parametrize("compress", [True, False])
def test_a_body_over_the_limit_is_refused_however_small_it_travels(bench: Bench, *, compress: bool) -> None:
    body = b" " * 40_000_000
    headers = {"Content-Encoding": "gzip"} if compress else {}
    bench.site.answers["/a"] = (200, headers, gzip.compress(body) if compress else body)
    assert "larger than" in str(bench.poll("/a").reason)


def test_a_compressed_feed_is_read(bench: Bench) -> None:
    bench.site.answers["/a"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(rss(item("1"))))
    assert bench.poll("/a").new == 1


@pytest.mark.parametrize("body", [b"", b"<html><body>Sign in</body></html>", b"\x00\xff", b"http://127.0.0.1/x"])
def test_what_is_no_feed_is_a_failure(bench: Bench, body: bytes) -> None:
    bench.site.answers["/a"] = (200, {}, body)
    assert bench.poll("/a").status is Status.FAILED


def test_a_server_that_is_away_is_a_failure_in_one_line(bench: Bench) -> None:
    bench.site.port = 1
    assert bench.poll("/a").status is Status.FAILED


def test_one_feeds_failure_delays_no_other(bench: Bench, courier: Courier, topics: Topics, tmp_path: Path) -> None:
    site = bench.site
    site.answers["/bad"] = (500, {}, b"")
    site.answers["/good"] = (200, {}, rss(item("1")))
    seen: list[tuple[str, Status]] = []

    async def run() -> None:
        stop = asyncio.Event()
        feeds = [Feed(url=site.url(path), source=path, interval=1.0) for path in ("/bad", "/good")]

        def note(feed: Feed, polled: Polled) -> None:
            seen.append((feed.source, polled.status))
            if seen.count(("/good", Status.OK)) == 2:
                stop.set()

        async with asyncio.timeout(10):
            await follow(feeds, tmp_path, courier, topics, clock=ManualClock(NOW), stop=stop, on_poll=note)

    asyncio.run(run())
    assert ("/bad", Status.FAILED) in seen


def test_the_pause_after_failures_doubles_up_to_an_hour() -> None:
    feed, failed = Feed(url="http://x/", source="s", interval=60), Polled(Status.FAILED)
    pauses = [pause(feed, failed, failures) for failures in (1, 2, 3, 50)]
    assert all(limit / 2 <= found <= limit for found, limit in zip(pauses, (60, 120, 240, 3600), strict=True))


def test_sigterm_ends_the_polling_within_five_seconds(site: Site, settings: Settings, topics: Topics) -> None:
    site.answers["/a"] = (200, {}, rss(item("1")))
    program = (
        "import sys; from pathlib import Path\n"
        "from groundswell.clock import SystemClock\n"
        "from groundswell.kafka import Publisher, Topics\n"
        "from groundswell.log import configure\n"
        "from groundswell.settings import load\n"
        "from producers.feedlist import Feed\n"
        "from producers.feeds import run_feeds\n"
        "settings = load(kafka={'bootstrap_servers': sys.argv[1]})\n"
        "feeds = [Feed(url=sys.argv[3], source='s')]\n"
        "publisher, topics = Publisher(settings, 'feeds'), Topics(sys.argv[2])\n"
        "configure(settings.log)\n"
        "show = lambda _feed, polled: print(polled.new, flush=True)\n"
        "run_feeds(feeds, Path(sys.argv[4]), publisher, topics, clock=SystemClock(), on_poll=show)\n"
        "publisher.close()\n"
    )
    arguments = [settings.kafka.bootstrap_servers, topics.prefix, site.url("/a"), str(settings.data_dir)]
    command = [sys.executable, "-c", program, *arguments]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "1"
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert timedelta(seconds=time.monotonic() - started) < timedelta(seconds=5)

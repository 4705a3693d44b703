"""Feed documents to texts."""

from datetime import UTC, datetime

import pytest

from groundswell.clock import ManualClock
from groundswell.messages import Text
from producers.entries import Entry, NotAFeedError, plain, read_entries
from producers.feedlist import Feed

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
DATE = "<pubDate>Mon, 09 Mar 2026 09:30:00 GMT</pubDate>"


def entries(items: str, *, zone: str | None = None) -> list[Entry]:
    document = f'<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>{items}</channel></rss>'
    feed = Feed(url="https://feeds.example/a", source="wire", zone=zone)
    return read_entries(document.encode(), "application/rss+xml; charset=utf-8", feed, ManualClock(NOW))


def text(items: str, *, zone: str | None = None) -> Text:
    only = entries(items, zone=zone)[0]
    assert only.text is not None, only.refused
    return only.text


def test_the_full_content_goes_before_the_summary_and_loses_its_markup() -> None:
    body = "<![CDATA[<p>Shares <b>fell</b> 5&nbsp;%.</p><script>x()</script><p>S&amp;P too</p>]]>"
    read = text(f"<item><title>T</title><description>short</description><content:encoded>{body}</content:encoded>{DATE}</item>")
    assert (read.title, read.text) == ("T", "Shares fell 5 %. S&P too")


def test_an_entry_with_a_title_alone_is_its_title() -> None:
    assert text(f"<item><title>Shares fall</title>{DATE}</item>").text == "Shares fall"


def test_plain_text_keeps_what_only_looks_like_markup() -> None:
    assert plain({"type": "text/plain", "value": "margin <b 5 %"}) == "margin <b 5 %"


def test_markup_without_end_is_cut_out_in_time() -> None:
    assert plain({"type": "text/html", "value": "<div>" * 200_000 + "end"}) == "end"


@pytest.mark.parametrize(
    ("date", "zone", "moment"),
    [
        ("2026-03-09 09:30:00", "Asia/Shanghai", datetime(2026, 3, 9, 1, 30, tzinfo=UTC)),
        ("2026-03-09 09:30:00", "America/New_York", datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),
        ("2026-03-06 09:30:00", "America/New_York", datetime(2026, 3, 6, 14, 30, tzinfo=UTC)),
        ("Mon, 09 Mar 2026 09:30:00 CST", "Asia/Shanghai", datetime(2026, 3, 9, 1, 30, tzinfo=UTC)),
        ("Mon, 09 Mar 2026 09:30:00 +0800", "America/New_York", datetime(2026, 3, 9, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_naive_time_is_on_the_wall_clock_of_the_feeds_zone(date: str, zone: str, moment: datetime) -> None:
    assert text(f"<item><title>x</title><pubDate>{date}</pubDate></item>", zone=zone).published_at == moment


def test_a_naive_time_without_a_zone_is_refused_with_the_mend() -> None:
    only = entries("<item><title>x</title><pubDate>2026-03-09 09:30:00</pubDate></item>")[0]
    assert only.text is None
    assert "zone: Asia/Shanghai" in str(only.refused)


def test_an_entry_without_a_time_is_published_as_it_is_found() -> None:
    assert text("<item><title>x</title></item>").published_at == NOW


def test_a_link_that_many_entries_share_is_no_identity() -> None:
    one, two = (f"<item><title>{t}</title><link>https://feeds.example/</link>{DATE}</item>" for t in ("a", "b"))
    first, second = entries(one + two)
    assert not set(first.keys) & set(second.keys)


def test_an_entry_under_a_new_id_with_the_same_content_is_known_by_its_content() -> None:
    first, second = (entries(f"<item><guid>{name}</guid><title>x</title>{DATE}</item>")[0] for name in "ab")
    assert set(first.keys) & set(second.keys)


@pytest.mark.parametrize("body", ["a \u202e b", "👨‍👩‍👧", "S&amp;amp;P", "x &#xD800; y", "nul &#0; here"])
def test_bad_characters_are_read_without_a_crash(body: str) -> None:
    read = text(f"<item><title>{body}</title>{DATE}</item>")
    assert Text.from_wire(read.to_wire()) == read


@pytest.mark.timeout(60)
def test_a_billion_laughs_do_not_hang() -> None:
    levels = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    head = f'<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]>'
    bomb = f'{head}<rss version="2.0"><channel><item><title>&l9;</title></item></channel></rss>'
    found = read_entries(bomb.encode(), "text/xml", Feed(url="https://feeds.example/", source="s"), ManualClock(NOW))
    assert all(entry.text is None or len(entry.text.text) < 1000 for entry in found)


def test_an_external_entity_is_not_fetched() -> None:
    trick = (
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        f'<rss version="2.0"><channel><item><title>a&f;b</title>{DATE}</item></channel></rss>'
    )
    found = read_entries(trick.encode(), "text/xml", Feed(url="https://feeds.example/", source="s"), ManualClock(NOW))
    assert found[0].text is not None
    assert found[0].text.text in {"ab", "a&f;b"}


def test_a_document_that_names_a_file_is_not_opened() -> None:
    with pytest.raises(NotAFeedError):
        read_entries(b"/etc/hostname", "text/xml", Feed(url="https://feeds.example/", source="s"), ManualClock(NOW))

"""Files of texts: every row becomes a text or a rejected row with its line and reason."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groundswell.clock import ManualClock
from groundswell.errors import FatalError
from groundswell.messages import Kind, Text
from producers.formats import Encoding, Format, Position, Reading, Rejected, format_of, parse_columns, read
from producers.rows import Defaults
from producers.times import zone

NOW = datetime(2026, 3, 10, tzinfo=UTC)
GOOD = '{"text": "Shares fall", "published_at": "2026-03-09T09:30:00Z", "source": "wire"}'


def rows(
    content: bytes | str,
    kind: Format,
    *,
    defaults: Defaults | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: Encoding = Encoding.UTF_8,
) -> list[Text | Rejected]:
    data = content.encode(encoding) if isinstance(content, str) else content
    reading = Reading(kind, encoding, columns or {}, defaults or Defaults())
    return list(read(io.BytesIO(data), reading, ManualClock(NOW), Position()))


def jsonl(content: bytes | str, defaults: Defaults | None = None) -> list[Text | Rejected]:
    return rows(content, Format.JSONL, defaults=defaults)


def rejected(row: Text | Rejected) -> Rejected:
    assert isinstance(row, Rejected)
    return row


def text(row: Text | Rejected) -> Text:
    assert isinstance(row, Text), row
    return row


def test_a_json_line_becomes_a_text_ingested_now() -> None:
    read_text = text(jsonl(GOOD)[0])
    assert (read_text.text, read_text.source, read_text.ingested_at) == ("Shares fall", "wire", NOW)


def test_one_moment_written_in_two_zones_gives_one_id() -> None:
    shifted = GOOD.replace("T09:30:00Z", "T17:30:00+08:00")
    assert text(jsonl(GOOD)[0]).id == text(jsonl(shifted)[0]).id


def test_an_id_and_a_time_of_ingestion_that_are_given_are_kept() -> None:
    given_row = json.loads(GOOD) | {"id": "a-1", "ingested_at": "2026-03-09T09:31:00Z"}
    read_text = text(jsonl(json.dumps(given_row))[0])
    assert (read_text.id, read_text.ingested_at - read_text.published_at) == ("a-1", timedelta(minutes=1))


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ('{"text": "x", "source": "wire"}', "published_at", "missing"),
        (GOOD.replace("wire", ""), "source", "at least 1"),
        ('{"text": "x", "published_at": 1773019800}', "source", "missing"),
        (GOOD.replace("09:30:00Z", "09:30:00"), "published_at", "--zone"),
        (GOOD.replace('"text"', '"body"'), "text", "missing"),
        (GOOD.replace("}", ', "mood": 1}'), "mood", "no such field"),
        ("{", None, "not JSON"),
        ("[1]", None, "array"),
        ("null", None, "null"),
        ('{"text": NaN}', None, "NaN is not a number"),
        ("[" * 100_000, None, "nested too deep"),
        (GOOD.replace("Shares fall", "x" * 100_001), "text", "at most"),
    ],
)
def test_a_bad_line_is_rejected_with_its_field_and_reason(line: str, field: str | None, reason: str) -> None:
    first, second = jsonl(f"{line}\n{GOOD}\n")
    assert (rejected(first).line, rejected(first).field) == (1, field)
    assert reason in rejected(first).reason
    assert text(second).text == "Shares fall"


def test_blank_lines_are_passed_over_and_counted_in_line_numbers() -> None:
    assert rejected(jsonl(f"\n\n{GOOD}\n\noops\n")[1]).line == 5


@pytest.mark.parametrize("body", [r"a \ud800 b", "S&amp;amp;P", "👨‍👩‍👧", "\u202ereversed", r"nul \u0000 here"])
def test_bad_characters_are_read_without_a_crash(body: str) -> None:
    read_text = text(jsonl(GOOD.replace("Shares fall", body))[0])
    assert Text.from_wire(read_text.to_wire()) == read_text


def test_bytes_that_are_not_utf_8_are_rejected_with_the_flag_that_reads_them() -> None:
    first, second = jsonl("文本\n".encode("gb18030") + GOOD.encode())
    assert "--encoding gb18030" in rejected(first).reason
    assert text(second).text == "Shares fall"


def test_a_line_without_end_is_rejected_and_the_next_is_read() -> None:
    first, second = jsonl(b"x" * 4_000_000 + b"\n" + GOOD.encode())
    assert "longer than" in rejected(first).reason
    assert rejected(first).line + 1 == 2
    assert text(second).source == "wire"


def test_defaults_fill_in_what_a_line_leaves_out() -> None:
    defaults = Defaults("forum", Kind.MARKET, "zh", zone("Asia/Shanghai"))
    read_text = text(jsonl('{"text": "利好", "published_at": "2026-03-09 09:30"}', defaults)[0])
    assert (read_text.source, read_text.kind, read_text.lang) == ("forum", Kind.MARKET, "zh")
    assert read_text.published_at == datetime(2026, 3, 9, 1, 30, tzinfo=UTC)


def test_a_missing_time_is_now_only_when_asked_for() -> None:
    assert text(jsonl('{"text": "x", "source": "s"}', Defaults(now=True))[0]).published_at == NOW


def test_json_fields_of_other_names_are_mapped_and_the_rest_left() -> None:
    line = '{"content": "x", "time": 1773019800, "site": "s", "likes": 3}'
    columns = parse_columns(["text=content,published_at=time", "source=site"])
    assert text(rows(line, Format.JSONL, columns=columns)[0]).source == "s"


def test_csv_columns_are_mapped_and_a_byte_order_mark_is_no_part_of_the_first() -> None:
    table = "\ufeffcontent,time,site,user,likes\r\n大跌,2026-03-09T09:30Z,论坛,u1,5\r\n"
    columns = parse_columns(["text=content,published_at=time,source=site,author=user"])
    read_text = text(rows(table, Format.CSV, columns=columns)[0])
    assert (read_text.text, read_text.source, read_text.author) == ("大跌", "论坛", "u1")


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_csv_is_read_in_either_encoding(encoding: Encoding) -> None:
    table = "text,published_at,source\n茅台財報𠮷,1773019800,论坛\n"
    assert text(rows(table, Format.CSV, encoding=encoding)[0]).text == "茅台財報𠮷"


def test_a_csv_row_over_several_lines_keeps_line_numbers_right() -> None:
    table = 'text,published_at,source\n"two\nlines",1773019800,s\nx,never,s\n'
    first, second = rows(table, Format.CSV)
    assert text(first).text == "two\nlines"
    assert (rejected(second).line, rejected(second).field) == (4, "published_at")


def test_bad_csv_rows_do_not_take_the_next_with_them() -> None:
    table = 'text,published_at,source\na,b\n"x"y,1,s\n,,\ngood,1773019800,s\n'
    short, broken, good = rows(table, Format.CSV)
    assert "2 cells under 3 columns" in rejected(short).reason
    assert "not CSV" in rejected(broken).reason
    assert text(good).text == "good"


def test_an_empty_csv_cell_counts_as_left_out() -> None:
    table = "text,published_at,source,author\nx,1773019800,s,\n"
    assert text(rows(table, Format.CSV)[0]).author is None


def test_a_column_that_the_file_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(FatalError, match=r"no such column; its columns are: a, b"):
        rows("a,b\n1,2\n", Format.CSV, columns={"text": "content"})


def test_a_csv_without_a_text_column_says_how_to_name_it() -> None:
    with pytest.raises(FatalError, match="--map text=COLUMN"):
        rows("a,b\n1,2\n", Format.CSV)


def test_plain_lines_are_one_text_each() -> None:
    texts = rows("利好\r\n\nbad news\n", Format.LINES, defaults=Defaults("console", now=True))
    assert [text(row).text for row in texts] == ["利好", "bad news"]


def test_plain_lines_need_a_source_and_a_time() -> None:
    with pytest.raises(FatalError, match="--default-now and --source"):
        rows("x\n", Format.LINES)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jsonl", Format.JSONL), ("a.CSV", Format.CSV), ("a.txt", Format.LINES), (None, Format.JSONL)]
)
def test_the_extension_tells_the_format(name: str | None, kind: Format) -> None:
    assert format_of(Path(name) if name else None, None) is kind


def test_an_extension_that_tells_nothing_asks_for_the_flag() -> None:
    with pytest.raises(FatalError, match="--format"):
        format_of(Path("a.dat"), None)


@pytest.mark.parametrize("pair", ["text", "mood=x", "text="])
def test_a_column_map_that_is_none_is_refused(pair: str) -> None:
    with pytest.raises(FatalError, match="--map"):
        parse_columns([pair])

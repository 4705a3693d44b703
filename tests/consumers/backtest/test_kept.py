"""The file of hypotheses: what was read comes back, and nothing is taken for it that is not."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from consumers.backtest import kept
from consumers.backtest.kept import MisfitError
from consumers.backtest.record import TextRead

FROM = {"texts": "abc", "pack en": "en@1"}


@pytest.fixture
def written(tmp_path: Path, text_read: Callable[..., TextRead]) -> tuple[Path, list[TextRead]]:
    """A file of three texts, and the texts."""
    texts = [text_read(number, number) for number in range(3)]
    path = tmp_path / "a.hypotheses.jsonl.gz"
    kept.write(path, FROM, [text.to_wire() + b"\n" for text in texts], 3)
    return path, texts


def test_what_was_written_comes_back(written: tuple[Path, list[TextRead]]) -> None:
    path, texts = written
    kept.check(path, FROM)
    assert list(kept.read(path)) == texts
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_follows_from_something_else_is_refused_by_name(written: tuple[Path, list[TextRead]]) -> None:
    with pytest.raises(MisfitError, match="pack en, watchlist changed since"):
        kept.check(written[0], {"texts": "abc", "pack en": "en@2", "watchlist": "x"})


def test_a_file_cut_short_is_not_taken_for_whole(written: tuple[Path, list[TextRead]]) -> None:
    path, _ = written
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(MisfitError, match="damaged"):
        kept.check(path, FROM)


def test_a_file_with_fewer_texts_than_it_says_is_not_taken_for_whole(written: tuple[Path, list[TextRead]]) -> None:
    path, texts = written
    kept.write(path, FROM, [texts[0].to_wire() + b"\n"], 3)
    with pytest.raises(MisfitError, match="holds 1 texts where its header says 3"):
        kept.check(path, FROM)


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"format": "other/1"}\n', b"\xff\n"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(MisfitError, match="damaged"):
        kept.check(path, FROM)


def test_a_file_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("hello")
    with pytest.raises(MisfitError, match="damaged"):
        kept.check(tmp_path / "plain", FROM)

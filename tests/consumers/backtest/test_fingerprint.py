"""What hypotheses follow from: each part is told by its name when it changes."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from consumers.backtest.fingerprint import differences, fingerprint
from groundswell.errors import FatalError
from groundswell.settings import ReadingSettings, Settings
from model.folders import pack_folders

pytestmark = pytest.mark.skipif(set(pack_folders()) != {"zh", "en"}, reason="the packs have not been trained yet")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("{}\n")
    return path


def test_the_same_is_the_same(texts: Path) -> None:
    assert differences(fingerprint(texts, None, Settings()), fingerprint(texts, None, Settings())) == []


def test_a_change_of_texts_watchlist_or_source_is_told_by_name(texts: Path, tmp_path: Path) -> None:
    before = fingerprint(texts, None, Settings())
    watchlist = tmp_path / "watchlist.yaml"
    watchlist.write_text("entities: []\n")
    assert differences(before, fingerprint(texts, None, Settings(watchlist=watchlist))) == ["watchlist"]
    assert differences(before, fingerprint(texts, "wire", Settings())) == ["texts"]
    texts.write_text("{} \n")
    assert differences(before, fingerprint(texts, None, Settings())) == ["texts"]


def test_a_change_of_pack_or_of_how_it_reads_is_told_by_name(texts: Path) -> None:
    before = fingerprint(texts, None, Settings())
    other = ReadingSettings(packs={"en": pack_folders()["zh"]}, backend="torch", author_key=SecretStr("mine"))
    changed = differences(before, fingerprint(texts, None, Settings(reading=other)))
    assert changed == ["pack en", "reading.author_key", "reading.backend"]


def test_no_secret_stands_in_it(texts: Path) -> None:
    settings = Settings(reading=ReadingSettings(author_key=SecretStr("hush-hush")))
    assert "hush" not in str(fingerprint(texts, None, settings))


def test_a_file_that_is_not_there_is_told(texts: Path, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"missing\.yaml: cannot be read"):
        fingerprint(texts, None, Settings(watchlist=tmp_path / "missing.yaml"))

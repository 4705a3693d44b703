"""Backends: equal answers from each, graphs kept in the cache, memory that runs out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from groundswell.errors import FatalError, PoisonError
from model.backends.abstract import Array, Backend, out_of_memory
from model.backends.choice import best
from model.backends.onnx_backend import KEPT, OnnxBackend
from model.bases import load_bert
from model.encoder import Encoder, plan
from model.graph import to_onnx
from model.pack import Pack
from model.tokenizer import Piece

MakePack = Callable[..., Path]
Card = dict[str, Any]
TEXTS = ["good sales", "bad bank fraud " * 9, "好公司", "x", "fine , profit rise fall", "坏 造假 " * 4, "the bank"]


@pytest.fixture
def folder(make_pack: MakePack, card: Card) -> Path:
    """A pack over the tiny base."""
    return make_pack(card)


def graphs(cache: Path) -> list[Path]:
    return sorted((cache / "graphs").iterdir())


def test_onnx_gives_the_logits_of_torch(folder: Path, tmp_path: Path) -> None:
    slow, fast = (Pack.load(folder, tmp_path, backend=name) for name in ("torch", "onnx"))
    expected, found = slow.logits(TEXTS), fast.logits(TEXTS)
    assert all(np.allclose(expected[group], found[group], atol=1e-4) for group in expected)


def test_onnx_tells_the_words_of_torch(folder: Path, tmp_path: Path) -> None:
    slow, fast = (Pack.load(folder, tmp_path, backend=name) for name in ("torch", "onnx"))
    assert [one.words for one in fast.predict(TEXTS)] == [one.words for one in slow.predict(TEXTS)]


def test_int8_reads_near_fp32(folder: Path, tmp_path: Path) -> None:
    exact, rough = (Pack.load(folder, tmp_path, backend=name) for name in ("onnx", "onnx-int8"))
    gaps = [
        np.abs(np.subtract(a.stance, b.stance)).max() for a, b in zip(exact.predict(TEXTS), rough.predict(TEXTS), strict=True)
    ]
    assert 0 < max(gaps) < 0.2


def test_a_graph_is_made_once(folder: Path, tmp_path: Path) -> None:
    Pack.load(folder, tmp_path, backend="onnx")
    (first,) = graphs(tmp_path)
    before = first.stat().st_mtime_ns
    Pack.load(folder, tmp_path, backend="onnx")
    assert [path.stat().st_mtime_ns for path in graphs(tmp_path)] == [before]


def test_another_adapter_has_a_graph_of_its_own(folder: Path, tmp_path: Path) -> None:
    before = Pack.load(folder, tmp_path, backend="onnx").logits(["good"])["stance"]
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    stored = load_file(folder / "adapter.safetensors")
    save_file({name: value * 2 for name, value in stored.items()}, folder / "adapter.safetensors")
    after = Pack.load(folder, tmp_path, backend="onnx").logits(["good"])["stance"]
    assert len(graphs(tmp_path)) == 2
    assert np.abs(before - after).max() > 1e-3


def test_a_damaged_graph_is_made_again(folder: Path, tmp_path: Path) -> None:
    expected = Pack.load(folder, tmp_path, backend="onnx").logits(TEXTS)["stance"]
    (path,) = graphs(tmp_path)
    path.write_bytes(path.read_bytes()[:500])
    assert np.allclose(Pack.load(folder, tmp_path, backend="onnx").logits(TEXTS)["stance"], expected, atol=1e-6)


def test_old_graphs_leave_the_cache(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "graphs").mkdir()
    for number in range(KEPT + 3):
        (tmp_path / "graphs" / f"{number}.onnx").write_bytes(b"old")
    Pack.load(folder, tmp_path, backend="onnx")
    assert len(graphs(tmp_path)) == KEPT


def test_a_cpu_is_given_onnx_and_a_gpu_torch() -> None:
    assert (best(gpu=False), best(gpu=True)) == ("onnx", "torch")


def test_a_text_reads_the_same_alone_and_in_any_batch_of_onnx(folder: Path, tmp_path: Path) -> None:
    pack = Pack.load(folder, tmp_path, backend="onnx")
    together = [one.stance for one in pack.predict(TEXTS)]
    assert np.allclose(together, [pack.predict([text])[0].stance for text in TEXTS], atol=1e-3)


class Small(Backend):
    """Sums token ids; memory runs out, as ``error`` says it, over so many padded tokens."""

    name = "small"
    width, longest = 1, 512

    def __init__(self, room: int, error: Exception) -> None:
        self.room, self.error = room, error

    def states(self, ids: Array, mask: Array, probe: Array) -> tuple[Array, Array]:
        if ids.size > self.room:
            raise self.error
        return (ids * mask).sum(axis=1, keepdims=True), np.zeros((*ids.shape, len(probe)))


def piece(first: int, tokens: int) -> Piece:
    return Piece((first, *[0] * (tokens - 1)), ((0, 0),) * tokens, (None,) * tokens)


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    Exception("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for requested buffer of size 9"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_sixty_three_short_texts_and_a_long_one_are_answered_in_order_in_a_small_memory(error: Exception) -> None:
    pieces = [piece(number, 512 if number == 40 else 3) for number in range(64)]
    found = Encoder(Small(600, error)).run(pieces, torch.zeros(3, 1))
    assert [int(state.total[0]) for state in found] == list(range(64))
    assert [state.tokens for state in found] == [len(each.ids) for each in pieces]


def test_a_batch_over_the_memory_is_halved() -> None:
    found = Encoder(Small(9, MemoryError())).run([piece(number, 3) for number in range(64)], torch.zeros(3, 1))
    assert [int(state.total[0]) for state in found] == list(range(64))


def test_a_text_that_alone_does_not_fit_into_memory_is_poison() -> None:
    with pytest.raises(PoisonError, match="5 tokens alone do not fit"):
        Encoder(Small(4, MemoryError())).run([piece(1, 5)], torch.zeros(3, 1))


def test_an_error_that_is_none_of_memory_goes_through() -> None:
    with pytest.raises(RuntimeError, match="wrong shape"):
        Encoder(Small(4, RuntimeError("wrong shape"))).run([piece(1, 5)], torch.zeros(3, 1))
    assert not out_of_memory(RuntimeError("wrong shape"))


def test_the_graph_tells_width_and_longest(folder: Path, tmp_path: Path) -> None:
    Pack.load(folder, tmp_path, backend="onnx")
    backend = OnnxBackend("onnx", graphs(tmp_path)[0])
    assert (backend.width, backend.longest) == (16, 64)


def test_batches_are_within_the_budget_of_the_backend() -> None:
    lengths = [3] * 63 + [512]
    assert [len(batch) for batch in plan(lengths, Small.budget)] == [63, 1]


def test_a_base_with_another_activation_is_refused_and_never_read_wrong(tiny_base: Path) -> None:
    model = load_bert(tiny_base)
    model.config.hidden_act = "relu"
    with pytest.raises(FatalError, match=r"relu.*set reading\.backend to torch"):
        to_onnx(model)

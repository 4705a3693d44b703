"""What is remembered of a feed between polls and restarts: a small file, written only after Kafka acknowledged."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from groundswell.errors import FatalError
from producers.fetch import Validators
from producers.recent import Recent

REMEMBERED = 20_000
"""Keys of entries kept for a feed: more than any document has, so that none is forgotten while it is still shown."""


@dataclass
class Memory:
    """The entries of one feed that were sent, and what its server needs to tell whether anything is new."""

    path: Path
    keys: Recent
    validators: Validators

    @classmethod
    def load(cls, folder: Path, url: str) -> "Memory":
        """The memory of the feed at ``url``; an empty one where the file is missing or damaged."""
        digest = hashlib.blake2b(url.encode(), digest_size=12).hexdigest()
        path = folder / "feeds" / f"{digest}.json"
        try:
            kept = json.loads(path.read_bytes())
            keys = [str(key) for key in kept["keys"]]
            return cls(path, Recent(REMEMBERED, keys), Validators(kept["etag"], kept["modified"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path, Recent(REMEMBERED), Validators())

    def save(self) -> None:
        """Write the file anew, whole or not at all; FatalError in one line where it cannot be written."""
        kept = {"etag": self.validators.etag, "modified": self.validators.modified, "keys": self.keys.keys()}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False) as file:
                json.dump(kept, file)
            Path(file.name).replace(self.path)
        except OSError as error:
            raise FatalError(f"{self.path}: {error.strerror}; mend it or set data_dir to another folder") from None

"""A pack that follows its folder: a changed one is loaded and self-tested beside, and takes over between two batches.

What cannot be loaded, or fails its self-test, is refused: the pack in force goes on.
"""

import threading
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

from groundswell import log, metrics
from groundswell.clock import Clock
from groundswell.errors import FatalError, GroundswellError
from model.card import Card
from model.pack import Pack, Prediction

FILES = ("card.yaml", "adapter.safetensors", "heads.safetensors")
CHECK_SECONDS = 5.0
SETTLED_CHECKS = 2
"""Checks in a row that must find the same files: a pack is three files, and they are written one after the other."""

Load = Callable[[Path], Pack]


class PackFolder:
    """A predictor over the newest good pack in ``folder``; ``load`` gives a pack that has passed its self-test.

    ``predict`` and ``self_test`` may be called by one thread; loading happens on another.
    """

    def __init__(self, folder: Path, load: Load, clock: Clock) -> None:
        """Load the pack at once; raises FatalError where that fails."""
        self._folder = folder
        self._load = load
        self._clock = clock
        self._tried = self._seen = _digest(folder)
        self._same = 0
        self._pack = load(folder)
        self._ready: Pack | None = None
        self._loading: threading.Thread | None = None
        self._next_check = clock.monotonic() + CHECK_SECONDS
        for result in ("taken", "refused"):  # at 0: a rate misses what a series is born with
            metrics.PACK_RELOADS.labels(metrics.language_label(self._pack.language), result)

    @property
    def name(self) -> str:
        """The name of the pack in force."""
        return self._pack.name

    @property
    def version(self) -> str:
        """The version of the pack in force."""
        return self._pack.version

    @property
    def card(self) -> Card:
        """The card of the pack in force."""
        return self._pack.card

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """See ``Pack.predict``."""
        return self._pack.predict(texts)

    def self_test(self) -> None:
        """See ``Pack.self_test``."""
        self._pack.self_test()

    def refresh(self) -> None:
        """Between two batches: take over what is ready, and look at the folder when it is time; returns at once."""
        if self._ready is not None:
            self._take_over(self._ready)
        now = self._clock.monotonic()
        if now < self._next_check or (self._loading is not None and self._loading.is_alive()):
            return
        self._next_check = now + CHECK_SECONDS
        if self._has_changed():
            self._tried = self._seen
            self._loading = threading.Thread(target=self._prepare, name=f"pack-{self._pack.language}", daemon=True)
            self._loading.start()

    def wait(self, seconds: float) -> None:
        """Wait for a load under way, for so long at most."""
        if self._loading is not None:
            self._loading.join(seconds)

    def _has_changed(self) -> bool:
        found = _digest(self._folder)
        self._same = self._same + 1 if found == self._seen else 1
        self._seen = found
        return found != self._tried and self._same >= SETTLED_CHECKS

    def _prepare(self) -> None:
        try:
            pack = self._load(self._folder)
            if pack.language != self._pack.language:
                raise FatalError(f"pack {pack.name}: it reads {pack.language}, not {self._pack.language}")  # noqa: TRY301
        except Exception as error:  # noqa: BLE001 whatever is wrong with the new pack, the old one goes on
            reason = str(error) if isinstance(error, GroundswellError) else type(error).__name__
            log.get(__name__).error("changed pack refused, the old one goes on", folder=str(self._folder), reason=reason)
            metrics.PACK_RELOADS.labels(metrics.language_label(self._pack.language), "refused").inc()
        else:
            self._ready = pack

    def _take_over(self, pack: Pack) -> None:
        log.get(__name__).info(
            "pack changed", language=pack.language, before=f"{self.name}@{self.version}", now=f"{pack.name}@{pack.version}"
        )
        metrics.PACK_RELOADS.labels(metrics.language_label(pack.language), "taken").inc()
        self._pack, self._ready = pack, None


def _digest(folder: Path) -> bytes:
    """What the files of a pack hold; files that are missing count as empty, since they may be on their way."""
    digest = blake2b(digest_size=16)
    for name in FILES:
        path = folder / name
        try:
            digest.update(blake2b(path.read_bytes(), digest_size=16).digest())
        except OSError:
            digest.update(bytes(16))
    return digest.digest()

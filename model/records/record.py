"""The record of a training run: what it was given and how it went, as JSON lines, and for those who draw curves."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from groundswell import log
from model.records.abstract import Settings, Writer
from model.records.tensorboard_writer import TensorBoardWriter
from model.records.wandb_writer import WandbWriter

NAME = "training.jsonl"
WRITERS: tuple[type[Writer], ...] = (TensorBoardWriter, WandbWriter)


class Record:
    """Writes ``training.jsonl`` in a pack's folder and passes all on to the writers that are wanted.

    A writer that fails is told of in one line and left out from then on: it stops no training.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAME
        self._writers: list[Writer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for writer in tuple(self._writers):
            self._try(writer, partial(writer.close, finished=kind is None))

    def begin(self, settings: Settings) -> None:
        """Write down the ``settings`` of a new run under an id of its own; what an earlier run left is replaced."""
        named = {"run": secrets.token_hex(6), **settings}
        self._replace([named])
        self._open(named, 0)

    def resume(self, step: int) -> None:
        """Go on with the run that is written down, from ``step``; what it wrote after that step will come again."""
        lines = _read(self._path)
        kept = [line for line in lines if line.get("step", 0) <= step]
        self._replace(kept)
        self._open(kept[0] if kept else {}, step)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write down ``values`` as they stand after ``step`` steps."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line({"step": step, **values}))
        for writer in tuple(self._writers):
            self._try(writer, partial(writer.add, step, values))

    def _open(self, settings: Settings, step: int) -> None:
        for kind in WRITERS:
            if kind.wanted():
                self._try(kind, partial(self._add_writer, kind, settings, step))

    def _add_writer(self, kind: type[Writer], settings: Settings, step: int) -> None:
        self._writers.append(kind.open(self._folder, settings, step))

    def _try(self, writer: Writer | type[Writer], what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as error:  # noqa: BLE001 whatever fails in a foreign package, the training goes on
            self._writers = [one for one in self._writers if one is not writer]
            log.get(__name__).warning("training goes on without curves there", where=writer.name, reason=_reason(error))

    def _replace(self, lines: list[dict[str, Any]]) -> None:
        making = self._path.with_suffix(".part")
        making.write_text("".join(map(_line, lines)), "utf-8")
        making.chmod(0o644)
        making.replace(self._path)


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines of a record; a last one that was cut off in writing is none."""
    found: list[dict[str, Any]] = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def _reason(error: Exception) -> str:
    """What went wrong, on one line, without the user's key."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    key = os.environ.get("WANDB_API_KEY")
    return (said.replace(key, "***") if key else said)[:200]

"""The lock of a data folder: one owner at a time, and nothing of a dead owner left running in it."""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import psutil

from groundswell.errors import FatalError

LEFTOVER_PATIENCE = 20.0
"""Longest wait for a dead owner's servers to end, seconds."""


class FolderLock:
    """Held through an open file, so that the system frees it when the owner dies; the content says who that is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def take(self) -> str | None:
        """Take the lock; returns a note where it was taken over from an owner that died without freeing it.

        Raises FatalError in one line that names the owner while that one lives.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+")
        except OSError as error:
            raise FatalError(f"{self._path.parent} cannot be the data folder: {error.strerror}; choose another") from None
        file.seek(0)
        owner = _parsed(file.read())
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise FatalError(
                f"{self._path.parent} is in use by process {owner.get('pid', 'unknown')}: stop that one, "
                "or choose another folder with --data"
            ) from None
        self._file = file
        _end_leftovers(owner.get("children", []))
        self.write(())
        if "pid" in owner:
            return f"took over the lock of {self._path.parent} from process {owner['pid']}, which is gone"
        return None

    def write(self, children: Iterable[int]) -> None:
        """Put down who holds the lock and the process ids of its servers."""
        if self._file is None:
            return
        self._file.truncate(0)
        json.dump({"pid": os.getpid(), "children": [_named(pid) for pid in children]}, self._file)
        self._file.flush()

    def free(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _parsed(content: str) -> dict[str, Any]:
    try:
        owner = json.loads(content)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _named(pid: int) -> list[float]:
    """A process id with its start, since ids are used again."""
    try:
        return [pid, psutil.Process(pid).create_time()]
    except psutil.Error:
        return [pid, 0.0]


def _end_leftovers(children: Iterable[list[float]]) -> None:
    """Wait for servers of a dead owner, which hold their files until they have ended; end those that do not."""
    left = []
    for pid, born in children:
        try:
            process = psutil.Process(int(pid))
            if process.create_time() == born:
                process.terminate()
                left.append(process)
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(left, timeout=LEFTOVER_PATIENCE)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=LEFTOVER_PATIENCE)

"""The file that labels are written into: a line at a time, so that nothing given is lost, and the last can be taken back."""

import os
from pathlib import Path

from model.own import OwnRow, own_rows


class LabelFile:
    """JSON lines of :class:`OwnRow`. What a crash left half-written at its end is cut off when it is opened."""

    def __init__(self, path: Path) -> None:
        """Read ``path`` where it is there; FatalError names a bad line."""
        self._path = path
        self._starts: list[int] = []
        if path.is_file():
            _mend(path)
        self.rows = own_rows(path) if path.is_file() else []

    def append(self, row: OwnRow) -> None:
        """Write ``row``; it is on the disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            self._starts.append(file.tell())
            file.write(row.line().encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(row)

    def undo(self) -> bool:
        """Take back the last row that was appended here; whether there was one."""
        if not self._starts:
            return False
        os.truncate(self._path, self._starts.pop())
        self.rows.pop()
        return True


def replace_alert(path: Path, alert: str, rows: list[OwnRow]) -> None:
    """Let ``rows`` stand for ``alert`` in ``path``, instead of what was said of it before; in one step."""
    kept = [row for row in own_rows(path) if row.alert != alert] if path.is_file() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f".{path.name}.part")
    making.write_text("".join(row.line() for row in (*kept, *rows)), "utf-8", errors="replace")
    making.replace(path)


def _mend(path: Path) -> None:
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        whole = content[: content.rfind(b"\n") + 1]
        try:
            OwnRow.model_validate_json(content[len(whole) :])
        except ValueError:
            path.write_bytes(whole)
        else:
            path.write_bytes(content + b"\n")

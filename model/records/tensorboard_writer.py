"""TensorBoard: event files under ``events`` in a pack's folder, where the package ``tensorboard`` is installed."""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from model.records.abstract import Settings, Writer

FOLDER = "events"


class TensorBoardWriter(Writer):
    """One run in one folder: a new run takes the place of an earlier one's files, a resumed one goes on in them."""

    name: ClassVar[str] = "TensorBoard"

    def __init__(self, board: Any) -> None:
        self._board = board

    @classmethod
    def wanted(cls) -> bool:
        """See ``Writer``."""
        return importlib.util.find_spec("tensorboard") is not None

    @classmethod
    def open(cls, folder: Path, settings: Settings, step: int) -> Self:
        """See ``Writer``; the settings of a new run are shown as text."""
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 an import of seconds that few need

        events = folder / FOLDER
        if step:
            return cls(SummaryWriter(str(events), purge_step=step + 1))
        for old in events.glob("events.out.tfevents.*"):
            old.unlink()
        board = SummaryWriter(str(events))
        board.add_text("run", f"```json\n{json.dumps(settings, ensure_ascii=False, indent=2)}\n```", 0)
        return cls(board)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """See ``Writer``; one curve a name."""
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        self._board.flush()

    def close(self, *, finished: bool) -> None:  # noqa: ARG002 an event file does not say how its run ended
        """See ``Writer``."""
        self._board.close()

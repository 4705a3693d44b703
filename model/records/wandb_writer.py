"""Weights & Biases, where the package ``wandb`` (0.19 or later) is installed and the user has not switched it off.

``WANDB_MODE`` says how. Without it a run is sent where ``WANDB_API_KEY`` is set; otherwise it stays on this machine, in
``wandb`` in the pack's folder, until ``wandb sync`` sends it. Sent are the settings and curves of the record beside what
the package tells of itself and of the versions of Python and system: no text, no command line, no output, no code, no name
of the machine.
"""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from model.records.abstract import Settings, Writer

PROJECT = "groundswell"
ONLY_THE_RECORD = {
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "host": "-",
    "save_code": False,
    "silent": True,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}


class WandbWriter(Writer):
    """One run of the project ``groundswell``, or of ``WANDB_PROJECT``."""

    name: ClassVar[str] = "Weights & Biases"

    def __init__(self, run: Any) -> None:
        self._run = run

    @classmethod
    def wanted(cls) -> bool:
        """See ``Writer``; a mere folder called wandb, such as its own runs leave, is no package."""
        off = os.environ.get("WANDB_DISABLED", "").lower() in {"1", "true", "yes", "on"}
        if off or os.environ.get("WANDB_MODE", "").lower() == "disabled":
            return False
        found = importlib.util.find_spec("wandb")
        return found is not None and found.origin is not None

    @classmethod
    def open(cls, folder: Path, settings: Settings, step: int) -> Self:  # noqa: ARG003 the id says which run goes on
        """See ``Writer``."""
        import wandb  # noqa: PLC0415 an import of seconds that few need

        run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=f"{settings.get('pack', folder.name)} {settings.get('version', '')}".strip(),
            id=settings.get("run"),
            resume="allow",
            config=dict(settings),
            dir=str(folder),
            mode=os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_API_KEY") else "offline"),
            settings=wandb.Settings(**ONLY_THE_RECORD),
        )
        return cls(run)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """See ``Writer``."""
        self._run.log(dict(values), step=step)

    def close(self, *, finished: bool) -> None:
        """See ``Writer``; a run that was broken off counts as failed until it goes on."""
        self._run.finish(exit_code=0 if finished else 1)

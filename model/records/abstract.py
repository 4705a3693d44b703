"""What shows the curves of a training run beside its JSON lines."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

Settings = Mapping[str, Any]
"""What a run depends on, as the first line of its record has it."""


class Writer(ABC):
    """Shows one run. Any of its methods may raise: whoever calls them then goes on without it."""

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def wanted(cls) -> bool:
        """Whether its package is installed, and not switched off."""

    @classmethod
    @abstractmethod
    def open(cls, folder: Path, settings: Settings, step: int) -> Self:
        """Show the run of the pack in ``folder`` that stands at ``step``: 0 for a new one, else what comes later is void."""

    @abstractmethod
    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Show ``values`` as they stand after ``step`` steps."""

    @abstractmethod
    def close(self, *, finished: bool) -> None:
        """Bring out what is still kept back; ``finished`` is false for a run that was broken off."""

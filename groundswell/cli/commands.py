"""All commands, by importing the files that add them."""

from groundswell.cli import (
    deadletters,
    explaining,
    inspecting,
    producing,
    reading,
    replaying,
    running,
    stack,
    telling,
    watching,
)

__all__ = [
    "deadletters",
    "explaining",
    "inspecting",
    "producing",
    "reading",
    "replaying",
    "running",
    "stack",
    "telling",
    "watching",
]

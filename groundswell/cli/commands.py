"""All commands, by importing the files that add them."""

from groundswell.cli import (
    cards,
    deadletters,
    explaining,
    inspecting,
    judging,
    labelling,
    producing,
    reading,
    replaying,
    running,
    stack,
    surging,
    telling,
    watching,
)

__all__ = [
    "cards",
    "deadletters",
    "explaining",
    "inspecting",
    "judging",
    "labelling",
    "producing",
    "reading",
    "replaying",
    "running",
    "stack",
    "surging",
    "telling",
    "watching",
]

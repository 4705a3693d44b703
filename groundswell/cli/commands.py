"""All commands, by importing the files that add them."""

from groundswell.cli import (
    acknowledging,
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
    silencing,
    stack,
    surging,
    telling,
    watching,
)

__all__ = [
    "acknowledging",
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
    "silencing",
    "stack",
    "surging",
    "telling",
    "watching",
]

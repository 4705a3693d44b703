"""All commands, by importing the files that add them."""

from groundswell.cli import replaying, running, watching

__all__ = ["replaying", "running", "watching"]

"""The command line: one file a group of commands. A command imports the stage it runs when it runs."""

from groundswell.cli.app import main

__all__ = ["main"]

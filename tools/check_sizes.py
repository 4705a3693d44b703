#!/usr/bin/env python3
"""Keep rooms small: no source file over 500 lines; files over 300 and functions over 40 lines are told, but pass.

Run as ``python -m tools.check_sizes``; exit status 1 where a file is too long.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("groundswell", "consumers", "producers", "model", "tests", "tools", "deploy")
SUFFIXES = frozenset({".py", ".lua", ".sh", ".html", ".css", ".js"})
LONGEST_FILE = 500
LONG_FILE = 300
LONG_FUNCTION = 40


def sources(root: Path) -> Iterator[Path]:
    """Give the source files under ``root``, in order."""
    for room in ROOMS:
        yield from sorted(path for path in (root / room).rglob("*") if path.suffix in SUFFIXES)


def long_functions(source: str) -> Iterator[tuple[int, str, int]]:
    """Give line, name and length in lines of each Python function in ``source`` that is over the limit."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONG_FUNCTION:
                yield node.lineno, node.name, length


def check(root: Path) -> tuple[list[str], list[str]]:
    """Look at all sources under ``root``: what is wrong, and what is only worth a look, a line each."""
    wrong, worth_a_look = [], []
    for path in sources(root):
        source = path.read_text("utf-8")
        place, lines = path.relative_to(root), len(source.splitlines())
        if lines > LONGEST_FILE:
            wrong.append(f"{place}: {lines} lines, {LONGEST_FILE} at most: it has two concerns, find the seam")
        elif lines > LONG_FILE:
            worth_a_look.append(f"{place}: {lines} lines, over {LONG_FILE}")
        if path.suffix == ".py":
            worth_a_look += [
                f"{place}:{line}: {name} has {length} lines, over {LONG_FUNCTION}"
                for line, name, length in long_functions(source)
            ]
    return wrong, worth_a_look


def main() -> int:
    """Tell what was found; the exit status."""
    wrong, worth_a_look = check(Path(__file__).resolve().parent.parent)
    for line in worth_a_look:
        sys.stdout.write(f"note: {line}\n")
    for line in wrong:
        sys.stdout.write(f"error: {line}\n")
    sys.stdout.write(f"sizes: {len(wrong)} files too long, {len(worth_a_look)} notes\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

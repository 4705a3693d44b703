"""Hypotheses kept in a file, so that the model reads a file of texts once.

Gzip of JSON lines: a header with what they follow from and the number of texts, then one `TextRead` a line, in the order
of the texts. The file appears whole or not at all.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from consumers.backtest.fingerprint import Fingerprint, differences
from consumers.backtest.record import TextRead

FORMAT = "groundswell-hypotheses/1"
LEVEL = 4


class MisfitError(Exception):
    """A file of hypotheses that cannot be used, with the reason."""


def check(path: Path, follows_from: Fingerprint) -> None:
    """MisfitError with the reason where ``path`` is not whole, or follows from something else."""
    try:
        with gzip.open(path, "rb") as stream:
            header = parse_header(stream.readline())
            if changed := differences(header["follows_from"], follows_from):
                raise MisfitError(f"{', '.join(changed)} changed since")
            texts = sum(1 for _ in stream)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise MisfitError(f"it is damaged: {error}") from None
    if texts != header["texts"]:
        raise MisfitError(f"it holds {texts:,} texts where its header says {header['texts']:,}")


def read(path: Path) -> Iterator[TextRead]:
    """The texts of a file that `check` found good."""
    with gzip.open(path, "rb") as stream:
        stream.readline()
        for line in stream:
            yield TextRead.from_wire(line)


def write(path: Path, follows_from: Fingerprint, lines: Iterable[bytes], texts: int) -> None:
    """Make the file ``path`` of ``lines``, ``texts`` in number, each the wire form of a `TextRead`."""
    whole = path.with_name(f"{path.name}.new")
    with gzip.open(whole, "wb", compresslevel=LEVEL) as stream:
        stream.write(header_line(follows_from, texts))
        stream.writelines(lines)
    whole.replace(path)


def header_line(follows_from: Fingerprint, texts: int | None = None) -> bytes:
    """The first line; without the number of ``texts`` where that is not known yet."""
    known = {} if texts is None else {"texts": texts}
    return json.dumps({"format": FORMAT, "follows_from": dict(follows_from), **known}).encode() + b"\n"


def parse_header(line: bytes) -> dict[str, Any]:
    """The header; ValueError where ``line`` is none."""
    header = json.loads(line)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"its first line is no header of {FORMAT}")
    return header

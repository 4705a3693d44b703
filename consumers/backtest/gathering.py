"""Texts read by the pipeline's own reader into a file of hypotheses; what was read before an interruption is not read again.

Lines gather in a plain file beside the one to be made. An interruption leaves whole lines there, and perhaps half a one,
which goes.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from consumers.backtest import kept
from consumers.backtest.fingerprint import Fingerprint, differences
from consumers.backtest.record import TextRead
from groundswell.errors import FatalError
from groundswell.messages import Text
from model.reader import Reader, Reading

BATCH = 256
Progress = Callable[[int], None]
"""Takes the number of texts read so far."""


def gather(
    path: Path, follows_from: Fingerprint, texts: Iterable[Text], reader: Callable[[], Reader], progress: Progress
) -> None:
    """Make the file of hypotheses ``path`` of ``texts``; ``reader`` gives what reads them.

    Raises FatalError where the folder takes no file, or another process is at it.
    """
    with _partial(path) as stream:
        done = _resume(stream, follows_from)
        progress(done)
        left = islice(texts, done, None)
        reading = reader()
        while batch := list(islice(left, BATCH)):
            rows = zip(batch, reading.read(batch), strict=True)
            stream.writelines(_kept(text, found).to_wire() + b"\n" for text, found in rows)
            stream.flush()
            done += len(batch)
            progress(done)
        stream.seek(0)
        stream.readline()
        kept.write(path, follows_from, stream, done)


@contextmanager
def _partial(path: Path) -> Iterator[IO[bytes]]:
    """The file in which the lines of ``path`` gather, ours alone; it goes when all has gone well."""
    part = path.with_name(f"{path.name}.part")
    try:
        stream = part.open("a+b")
    except OSError as error:
        raise FatalError(f"{part}: {error.strerror}; name a file elsewhere with --hypotheses") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FatalError(f"{part}: another backtest is writing it; wait for that one, or name another file") from None
        yield stream
        part.unlink()


def _resume(stream: IO[bytes], follows_from: Fingerprint) -> int:
    """How many texts an earlier reading of the same left; ``stream`` stands behind them, and nothing else is in it."""
    stream.seek(0)
    texts, end = 0, 0
    if _continues(stream.readline(), follows_from):
        end = stream.tell()
        for line in stream:
            if line.endswith(b"\n"):
                texts, end = texts + 1, end + len(line)
    stream.truncate(end)
    stream.seek(end)
    if not end:
        stream.write(kept.header_line(follows_from))
    return texts


def _continues(header: bytes, follows_from: Fingerprint) -> bool:
    try:
        return not differences(kept.parse_header(header)["follows_from"], follows_from)
    except ValueError:
        return False


def _kept(text: Text, reading: Reading) -> TextRead:
    return TextRead(
        id=text.id,
        source=text.source,
        published_at=text.published_at,
        ingested_at=text.ingested_at,
        hypotheses=reading.hypotheses,
        url=reading.url,
        words=reading.words,
    )

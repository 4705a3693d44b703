"""Memory and time: what subjects take in a real Valkey, and what one more text costs beside few and beside many.

    python -m tests.benchmarks.memory [--subjects 1000,100000] [--texts 400]

Each subject has four weeks of hourly counts, as one of which people write every hour. All numbers of subjects lie in one
server, each in a partition of its own, and take texts in turn. A text is taken in and its minute closed by the real `Converger`
and its scripts; only Kafka is left out. Then the work that looks at all subjects in memory (heard of in the last seven hours):
it is done now and then, and its cost grows with their number.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from consumers.converger.state import State
from groundswell import store
from groundswell.local import LocalValkey
from groundswell.settings import KafkaSettings, RedisSettings, Settings
from tests.benchmarks import known, sweeps
from tests.benchmarks.taking import Taking

LIMIT = 4096
"""Bytes of Redis that an active subject may take."""


@dataclass(frozen=True)
class Filled:
    """A partition with so many subjects: settings, a client, bytes a subject."""

    count: int
    settings: Settings
    client: Any
    size: float


def used(client: Any) -> int:
    """Bytes that the server has allocated."""
    return int(client.info("memory")["used_memory"])


def filled(url: str, count: int, pasts: Sequence[known.Known], console: Console) -> Filled:
    """A partition with ``count`` subjects in the server at ``url``."""
    redis = RedisSettings(url=url, prefix=f"bench{count}")
    settings = Settings(kafka=KafkaSettings(partitions=1), redis=redis)
    client: Any = store.connect(redis)
    client.config_set("auto-aof-rewrite-percentage", 0)  # it would run beside what is timed
    before = used(client)
    state = State(client, redis.prefix, settings.converger)
    with Progress(console=console) as progress:
        known.fill(state, state.claim(0), count, pasts, progress)
    return Filled(count, settings, client, (used(client) - before) / count)


def measure(url: str, args: argparse.Namespace, console: Console) -> None:
    """Fill the server at ``url``, then take texts in, and print what both came to."""
    pasts = known.pasts(args.rate)
    filled(url, known.BATCH, pasts, console)  # lets the server's buffers grow to their size
    all_filled = [filled(url, count, pasts, console) for count in args.subjects]
    takings = [Taking(one.settings, one.client, one.count) for one in all_filled]
    client = all_filled[0].client
    before = used(client)
    for _ in track(range(args.texts), "texts", console=console):
        for taking in takings:
            taking.take()
    console.print(table(all_filled, takings))
    console.print(f"trends alone: {mean(len(one.stored) for one in pasts):,.0f} bytes a subject")
    few, many = all_filled[0].count, all_filled[-1].count
    ratio = median(takings[-1].seconds) / median(takings[0].seconds)
    cpu = median(takings[-1].cpu) / median(takings[0].cpu)
    console.print(
        f"one more text takes {ratio:.2f} times as long beside {many:,} subjects as beside {few:,}; processor {cpu:.2f}"
    )
    each = (used(client) - before) / args.texts / len(takings)
    console.print(f"a text is kept in {each:,.0f} bytes for as long as windows and repetitions reach")
    worst = max(one.size for one in all_filled)
    console.print(f"{worst:,.0f} bytes a subject at most: {'within' if worst <= LIMIT else 'OVER'} {LIMIT:,}")


def table(all_filled: Sequence[Filled], takings: Sequence[Taking]) -> Table:
    """Bytes and times for each number of subjects."""
    shown = Table("subjects", "bytes each", "to claim, s", "a text: median ms", "mean ms", "processor, median ms", "mean ms")
    for one, taking in zip(all_filled, takings, strict=True):
        times, cpu = ([1000 * second for second in seconds] for seconds in (taking.seconds, taking.cpu))
        cells = (taking.claim, median(times), mean(times), median(cpu), mean(cpu))
        shown.add_row(f"{one.count:,}", f"{one.size:,.0f}", *(f"{cell:.2f}" for cell in cells))
    return shown


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=lambda given: [int(one) for one in given.split(",")], default=[1000, 100_000])
    parser.add_argument("--texts", type=int, default=400, help="texts taken in beside each number of subjects")
    parser.add_argument("--rate", type=float, default=5.0, help="texts an hour of a typical subject")
    args, console = parser.parse_args(), Console()
    with TemporaryDirectory() as folder, LocalValkey(Path(folder)) as server:
        measure(server.url, args, console)
    console.print(sweeps.measure(args.subjects))


if __name__ == "__main__":
    main()

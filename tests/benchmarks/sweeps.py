"""The work of the converger that looks at all subjects in memory, timed at several numbers of them."""

import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
from rich.table import Table

from consumers.converger.deadlines import Deadlines
from consumers.converger.events import Event
from consumers.converger.memory import Memory
from consumers.converger.partition import SWEEP_MINUTES, Partition, forget
from consumers.converger.silence import heard_elsewhere
from groundswell.settings import ConvergerSettings
from tests.benchmarks.known import HOUR, names, trend

BEGIN = HOUR * 60
SAMPLE = 20
"""Subjects of which the memory in the process is measured."""


def heard_of(count: int) -> Partition:
    """A partition whose ``count`` subjects have each had a text an hour ago."""
    partition = Partition(closed=BEGIN)
    for number, name in enumerate(names(count)):
        story = f"s{number}"
        partition.memory(name).count(
            Event(f"t{number}", (name,), BEGIN - 60, 800, 100, story, story, "wire", story), BEGIN - 60
        )
    return partition


def milliseconds(work: Callable[[], object]) -> float:
    """How long the processor takes for ``work``."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def sweep(partition: Partition) -> None:
    """Look through memory as if it were time."""
    partition.swept = BEGIN - SWEEP_MINUTES
    forget(partition)


def timed(count: int) -> dict[str, float]:
    """Milliseconds of each work beside ``count`` subjects."""
    partition = heard_of(count)
    first = next(iter(partition.subjects))
    due = Deadlines((name, BEGIN) for name in partition.subjects)
    return {
        "forget, each 15 minutes, after news of all": milliseconds(lambda: sweep(partition)),
        "forget, each 15 minutes, after no news": milliseconds(lambda: sweep(partition)),
        "groups heard, each hour": milliseconds(lambda: partition.heard(BEGIN)),
        "heard elsewhere, each time one falls silent": milliseconds(
            lambda: heard_elsewhere(partition.subjects, first, BEGIN, 120)
        ),
        "subjects by events, each step of an alert": milliseconds(lambda: partition.told),
        "deadlines, all due at once": milliseconds(lambda: due.before(BEGIN + 1)),
    }


def resident() -> float:
    """Bytes of memory that a subject with four weeks of hours takes in the process."""
    draw, settings = np.random.default_rng(1), ConvergerSettings()
    tracemalloc.start()
    kept = [Memory(trend(draw, 5.0, settings)) for _ in range(SAMPLE)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(kept)


def measure(counts: Sequence[int]) -> Table:
    """All of them at each of ``counts``."""
    table = Table("over all subjects in memory, ms", *(f"{count:,}" for count in counts))
    rows = [timed(count) for count in counts]
    for name in rows[0]:
        table.add_row(name, *(f"{row[name]:.2f}" for row in rows))
    table.caption = f"{resident():,.0f} bytes of the process for each subject heard of in the last hours"
    return table

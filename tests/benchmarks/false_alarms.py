"""False alarms a day: what the converger raises over weeks of stationary noise, beside the budgets it was given.

    python -m tests.benchmarks.false_alarms [--budgets 0.1,1,10] [--days 30] [--seeds 1]

The real `Closing` closes every minute in memory, one for each budget over the same texts. What fires is a false alarm, since
nothing happens in `noise`. Intervals are those of a Poisson count (Garwood 1936), 95 %. The factor says by how much the part of
the budget that a kind has would have to be multiplied for the kind to fire as often as that part: it is read from a line
through the logarithms of the measured rates. Budgets beyond your own show more of that line.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy.stats import chi2

from consumers.converger.budget import PARTS
from consumers.converger.closing import Closing
from consumers.converger.events import Event
from groundswell.messages import Alert, AlertKind
from groundswell.settings import ConvergerSettings, KafkaSettings
from model import taxonomy
from tests.benchmarks.noise import Noise, Placed
from tests.benchmarks.views import Views

MONDAY = 493_680
"""The hour since the epoch in which a Monday begins."""
SETTLING_HOURS = 24
"""Hours before those that count in which minutes are closed already, so that lives and deadlines are under way."""
Alarms = Counter[tuple[float, AlertKind]]
"""Alerts that fired, by budget and kind."""


def run(seed: int, args: argparse.Namespace, console: Console) -> Iterator[tuple[float, Alert]]:
    """Budget and alert of all that fires after the warm-up."""
    names = [f"e{number:02d}" for number in range(args.entities)]
    taxa, of = taxonomy.load(), KafkaSettings().partitions
    settings = {budget: ConvergerSettings(false_alarms_a_day=budget) for budget in args.budgets}
    closings = {budget: Closing(one, taxa, lambda: {name: name for name in names}) for budget, one in settings.items()}
    history = ConvergerSettings().history_days * 24
    noise, places = Noise(names, list(taxa.topics), args.rate, of, seed), [Views(closings, of) for _ in range(of)]
    warm, hours = args.warmup * 24, (args.warmup + args.days) * 24
    with Progress(console=console) as progress:
        task = progress.add_task("", total=hours)
        for past, hour in enumerate(range(MONDAY, MONDAY + hours)):
            for minute, place, events in minutes(noise.hour(hour)):
                if past < warm - SETTLING_HOURS:
                    places[place].learn(minute, events)
                else:
                    yield from (one for one in places[place].close(minute, events) if past >= warm)
            for views in places:
                views.forget((hour + 1) * 60, history)
            progress.update(task, advance=1, description=f"seed {seed}: day {past // 24 + 1}, {noise.texts:,} texts")


def minutes(placed: Iterable[Placed]) -> Iterator[tuple[int, int, list[Event]]]:
    """What comes in an hour, by minute and partition."""
    found = defaultdict[tuple[int, int], list[Event]](list)
    for place, event in placed:
        found[event.minute, place].append(event)
    yield from ((minute, place, found[minute, place]) for minute, place in sorted(found))


def line(budget: float, alert: Alert) -> str:
    """What a false alarm was about."""
    return (
        f"{budget:g}: {alert.started_at:%a %d %H:%M} {alert.kind} of {alert.subject}, {alert.window_minutes} min: "
        f"{alert.observed:.3g} for {alert.expected:.3g}, p {alert.p_value:.1e}"
    )


def interval(count: int) -> tuple[float, float]:
    """The 95 % interval of the mean of a Poisson count."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2)


def factor(kind: AlertKind, budget: float, alarms: Alarms, days: float) -> str:
    """By how much the part of ``kind`` has to be multiplied under ``budget`` for that many false alarms."""
    known = sorted((b, alarms[b, k] / days) for b, k in alarms if k == kind and alarms[b, k])
    if len({rate for _, rate in known}) < 2:
        return "?"
    budgets, rates = np.log(np.array(known)).T
    slope, start = np.polyfit(budgets, rates, 1)
    return f"{np.exp((np.log(budget * PARTS[kind]) - start) / slope) / budget:.2g}" if slope > 0.05 else "?"


def table(alarms: Alarms, budgets: Sequence[float], days: float) -> Table:
    """What was measured over ``days``."""
    shown = Table("budget", "kind", "alerts", "a day", "95 %", "its part", "times its part", "factor")
    for budget in budgets:
        for kind in (*PARTS, None):
            count = sum(number for (b, k), number in alarms.items() if b == budget and kind in {k, None})
            low, high = (edge / days for edge in interval(count))
            part = budget * (PARTS[kind] if kind else 1.0)
            shown.add_row(
                f"{budget:g}", kind or "all", str(count), f"{count / days:.3f}", f"{low:.3f} - {high:.3f}", f"{part:.3g}",
                f"{count / days / part:.2f}", factor(kind, budget, alarms, days) if kind else "", end_section=kind is None,
            )  # fmt: skip
    return shown


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", type=lambda given: [float(one) for one in given.split(",")], default=[0.1, 1.0, 10.0])
    parser.add_argument("--days", type=int, default=30, help="days that count")
    parser.add_argument("--warmup", type=int, default=14, help="days before them, of which trends learn")
    parser.add_argument("--entities", type=int, default=20)
    parser.add_argument("--rate", type=float, default=5.0, help="texts an hour of a typical entity")
    parser.add_argument("--seeds", type=lambda given: [int(one) for one in given.split(",")], default=[1])
    parser.add_argument("--list", action="store_true", help="tell each false alarm")
    args, console = parser.parse_args(), Console()
    alarms: Alarms = Counter()
    for number, seed in enumerate(args.seeds, 1):
        for budget, alert in run(seed, args, console):
            alarms[budget, alert.kind] += 1
            if args.list:
                console.print(line(budget, alert))
        console.print(table(alarms, args.budgets, args.days * number))


if __name__ == "__main__":
    main()

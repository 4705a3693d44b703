"""Run a replay while its processes and servers are killed, and hold its trends against those of an undisturbed run.

    python tests/faults/chaos.py TEXTS.jsonl --watchlist W.yaml [--undisturbed TRENDS.jsonl] [--kills 5] [--servers]

``--undisturbed`` takes what ``groundswell replay --trends`` wrote; without it an undisturbed run comes first. Everything
runs on loopback, on a private stack in a temporary folder, and ends by itself.
"""

import argparse
import hashlib
import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import groundswell.supervise
from groundswell import log
from groundswell.cli.rehearsal import REPLAYED, Rehearsal, rehearse
from groundswell.cli.replaying import Stream, stream_of, texts_of
from groundswell.settings import load

LIMIT = 3600.0
"""Seconds after which a run is given up."""


def say(line: str) -> None:
    """Tell one line, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, flush=True)


def kill_servers(run: Rehearsal, share: float, done: set[str]) -> None:
    """Kill Kafka at 40 % and Valkey at 60 % of the texts, once each; the stack starts them again."""
    stack = run.stack
    assert stack is not None
    assert stack.kafka is not None
    assert stack.valkey is not None
    for name, at, server in (("kafka", 0.4, stack.kafka), ("valkey", 0.6, stack.valkey)):
        if share >= at and name not in done:
            done.add(name)
            os.kill(server.pid, signal.SIGKILL)
            say(f"killed {name} at {share:.0%}")


def go(stream: Stream, watchlist: Path | None, kills: int, *, servers: bool) -> dict[str, int]:
    """The totals of all subjects after a run in which each stage is killed ``kills`` times."""
    settings = load(watchlist=watchlist)
    with rehearse(settings, private=True, data=None, say=say) as run:
        run.send(stream.read(), 0.0, stream.final(settings), say)
        marks = [(number + 1) / (kills + 1) for number in range(kills)]
        done: set[str] = set()
        deadline = time.monotonic() + LIMIT
        while not run.finished():
            share = len(run.audit.totals.texts) / stream.distinct
            if servers:
                kill_servers(run, share, done)
            if marks and share >= marks[0]:
                at = marks.pop(0)
                for stage in REPLAYED:
                    if pid := run.supervisor.pids.get(stage):
                        os.kill(pid, signal.SIGKILL)
                        say(f"killed {stage} at {at:.0%}")
            if time.monotonic() > deadline:
                raise SystemExit(f"not through after {LIMIT:.0f} s")
        summary = run.summary(stream.read)
        say(f"twice {summary.twice}, lost {summary.lost}, {stream.texts / summary.seconds:.1f} texts/s")
        fired = sorted({(alert.id, alert.state) for alert in run.audit.totals.alerts})
        say(f"{len(fired)} alert states, digest {hash_of(fired)}")
        return {one.subject: one.trend.texts for one in run.trends.all()}


def hash_of(fired: Sequence[tuple[str, str]]) -> str:
    """A short digest of alert ids and states, to compare runs by eye."""
    return hashlib.blake2b(json.dumps(fired).encode(), digest_size=6).hexdigest()


def main() -> None:
    """Compare a disturbed run with an undisturbed one; exit status 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--watchlist", type=Path)
    parser.add_argument("--undisturbed", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--servers", action="store_true", help="kill Kafka and Valkey too, once each")
    args = parser.parse_args()
    groundswell.supervise.RESTARTS = 1000  # the kills are ours
    log.configure(load().log)
    stream = stream_of(texts_of(args.texts, None), str(args.texts))
    if args.undisturbed:
        rows = [json.loads(line) for line in args.undisturbed.read_text("utf-8").splitlines()]
        calm = {row["subject"]: row["texts"] for row in rows}
    else:
        calm = go(stream, args.watchlist, 0, servers=False)
    stormy = go(stream, args.watchlist, args.kills, servers=args.servers)
    differing = {name for name in calm.keys() | stormy.keys() if calm.get(name, 0) != stormy.get(name, 0)}
    say(f"{len(calm)} subjects, {sum(calm.values())} counts; {len(differing)} differ")
    raise SystemExit(1 if differing else 0)


if __name__ == "__main__":
    main()

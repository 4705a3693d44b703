"""One thread that sends for many callers at once: what waits goes out together and is acknowledged together."""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from groundswell.kafka import Output, Publisher

LARGEST = 5_000
"""Records that go out together, at most (one caller's are never parted)."""


@dataclass(frozen=True)
class _Parcel:
    outputs: Sequence[Output]
    done: Future[None] = field(default_factory=Future)


class Courier:
    """Sends the outputs of all callers in the order of their calls. The caller closes it before the publisher."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._queue: queue.SimpleQueue[_Parcel | None] = queue.SimpleQueue()
        # A daemon: a broker that is away must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def submit(self, outputs: Sequence[Output]) -> Future[None]:
        """Send ``outputs``; the future is done when all are acknowledged, or has the error that kept them from it."""
        parcel = _Parcel(outputs)
        self._queue.put(parcel)
        return parcel.done

    def close(self, patience: float = 2.0) -> None:
        """Take no more; wait up to ``patience`` seconds for what is under way."""
        self._queue.put(None)
        self._thread.join(patience)

    def _run(self) -> None:
        while (parcel := self._queue.get()) is not None:
            last = self._deliver(parcel)
            if last:
                return

    def _deliver(self, first: _Parcel) -> bool:
        """Send ``first`` and what waits behind it; whether the end came meanwhile."""
        parcels, records, last = [first], len(first.outputs), False
        while records < LARGEST and not last:
            try:
                parcel = self._queue.get_nowait()
            except queue.Empty:
                break
            if parcel is None:
                last = True
            else:
                parcels.append(parcel)
                records += len(parcel.outputs)
        wanted = [parcel for parcel in parcels if parcel.done.set_running_or_notify_cancel()]
        try:
            self._publisher.publish([output for parcel in wanted for output in parcel.outputs])
        except Exception as error:  # noqa: BLE001 - whatever went wrong, somebody waits to be told
            for parcel in wanted:
                parcel.done.set_exception(error)
        else:
            for parcel in wanted:
                parcel.done.set_result(None)
        return last

"""A call that nothing can interrupt (a name lookup, a library's request), given up on after a time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns or raises; raises TimeoutError when that takes longer than ``seconds``.

    The call then goes on, on a daemon thread of its own, and what becomes of it is lost.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
            outcome.set_exception(error)

    threading.Thread(target=run, name="bounded", daemon=True).start()
    return outcome.result(timeout=seconds)

"""Child processes that end with this one, and the life that local servers share: start, stop, kill, start again."""

import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Self

from groundswell.clock import Clock, SystemClock
from groundswell.errors import FatalError

POLL = 0.03
"""Seconds between two looks at a server that is starting."""

# Linux only: asks for SIGTERM when the parent dies, makes sure that it has not died already, becomes the command.
# A process of its own does it, since Python code between fork and exec can hang where there are threads.
_BOUND_TO_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""

# The kernel means the thread that started the child, not the process: one thread that lasts starts them all.
_spawner = ThreadPoolExecutor(1, thread_name_prefix="spawner")


def spawn(command: Sequence[str], log: IO[bytes], env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start ``command`` with its output in ``log`` and in a session of its own, so that Ctrl-C reaches only us.

    On Linux the child gets SIGTERM when this process dies, however it dies. Raises OSError where it cannot be started.
    """
    if sys.platform == "linux":
        command = [sys.executable, "-I", "-S", "-c", _BOUND_TO_PARENT, str(os.getpid()), *command]
    return _spawner.submit(
        subprocess.Popen[bytes],
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=env,
        start_new_session=True,
    ).result()


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """SIGTERM, wait at most ``patience`` seconds, SIGKILL as the last resort; returns when the process is gone."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def exit_reason(code: int) -> str:
    """``code`` of a process in words, a signal by its name."""
    return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


class Service(ABC):
    """One local server with its files under ``folder``; a context manager that runs it.

    Its port is chosen once: a server that is killed and started again is found where it was.
    """

    name: str
    flag: str
    patience: float
    """Longest wait for an orderly stop, seconds."""
    start_limit: float
    """Longest wait until the server answers, seconds."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder.absolute()
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()
        self._wanted = False

    @abstractmethod
    def prepare(self) -> list[str]:
        """Write the server's files and return its command line; FatalError in one line where that cannot be."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server answers as it should."""

    @abstractmethod
    def complaint(self) -> str:
        """What the server said last about why it ended; empty where it said nothing."""

    def environment(self) -> dict[str, str]:
        """Return the variables that the server starts with: ours, and file names in UTF-8 whatever the locale."""
        return {**os.environ, "LC_ALL": "C.UTF-8"}

    @property
    def pid(self) -> int:
        """The process id; FatalError when the server was not started."""
        if self._process is None:
            raise FatalError(f"{self.name} is not running: start it first")
        return self._process.pid

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.folder / f"{self.name.lower()}.out"

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def death(self) -> str | None:
        """How the server ended, where nobody asked for it; None while all is as it should be."""
        process = self._process
        if not self._wanted or process is None or process.poll() is None:
            return None
        return exit_reason(process.returncode)

    def start(self) -> None:
        """Start the server and return when it answers; does nothing while it runs. FatalError in one line otherwise."""
        with self._lock:
            if self.running():
                return
            try:
                command = self.prepare()
                with self.log.open("wb") as log:
                    self._process = spawn(command, log, self.environment())
            except OSError as error:
                raise FatalError(f"{self.name} cannot be started: {error}") from None
            try:
                self._await_answer()
            except BaseException:
                self.kill()
                raise
            self._wanted = True

    def _await_answer(self) -> None:
        assert self._process is not None
        deadline = self._clock.monotonic() + self.start_limit
        while not self.ready():
            if self._process.poll() is not None:
                said = self.complaint()
                reason = exit_reason(self._process.returncode) + (f": {said}" if said else "")
                raise FatalError(f"{self.name} ended while it started ({reason}); see the logs in {self.folder}")
            if self._clock.monotonic() > deadline:
                raise FatalError(f"{self.name} did not answer within {self.start_limit:g} s; see the logs in {self.folder}")
            threading.Event().wait(POLL)

    def stop(self) -> None:
        """Stop the server in order; does nothing when it is not running."""
        with self._lock:
            self._wanted = False
            if self._process is not None:
                end(self._process, self.patience)

    def kill(self) -> None:
        """SIGKILL, for tests of what happens then; `start` brings the server back with its data."""
        with self._lock:
            self._wanted = False
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def last_line(path: Path, *marks: str) -> str:
    """The last line of ``path`` that holds one of ``marks``, or that is not blank; empty where there is none.

    At most 300 characters of it.
    """
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    chosen = [line.strip() for line in lines if line.strip() and (not marks or any(mark in line for mark in marks))]
    return chosen[-1][:300] if chosen else ""

"""Both servers under one folder: the lock, a server that dies, an owner that dies."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from redis import Redis

from groundswell import store
from groundswell.errors import FatalError
from groundswell.local import LocalStack
from groundswell.settings import Settings

Eventually = Callable[[Callable[[], bool]], bool]
OWNER = """
import sys, time
from pathlib import Path
from groundswell.local import LocalStack
stack = LocalStack(Path(sys.argv[1]), Path(sys.argv[1]), kafka_port=None)
stack.start()
print(stack.valkey.pid, stack.valkey.url, flush=True)
time.sleep(600)
"""


def valkey_alone(folder: Path, said: list[str]) -> LocalStack:
    return LocalStack(folder, folder / "cache", kafka_port=None, say=said.append)


def test_both_servers_answer_under_one_folder(tmp_path: Path, cache_dir: Path) -> None:
    with LocalStack(tmp_path, cache_dir) as stack:
        settings = stack.settings(Settings())
        assert stack.kafka
        assert settings.kafka.bootstrap_servers == stack.kafka.bootstrap_servers
        store.connect(settings.redis).close()
        stack.check()


def test_a_server_that_is_killed_comes_back_and_that_is_told(tmp_path: Path, eventually: Eventually) -> None:
    said: list[str] = []
    with valkey_alone(tmp_path, said) as stack:
        assert stack.valkey
        os.kill(stack.valkey.pid, signal.SIGKILL)
        assert eventually(lambda: "Valkey is back" in said)
        assert said[0] == "Valkey ended (killed by SIGKILL): restart 1 of 3"
        stack.check()


def test_a_server_that_keeps_dying_is_given_up_in_one_line(tmp_path: Path, eventually: Eventually) -> None:
    said: list[str] = []
    with valkey_alone(tmp_path, said) as stack:
        assert stack.valkey
        for restart in range(1, 4):
            os.kill(stack.valkey.pid, signal.SIGKILL)
            assert eventually(lambda count=restart: said.count("Valkey is back") == count)  # type: ignore[misc]
        os.kill(stack.valkey.pid, signal.SIGKILL)

        def given_up() -> bool:
            try:
                stack.check()
            except FatalError as error:
                return "after 3 restarts" in str(error)
            return False

        assert eventually(given_up)


def test_a_folder_in_use_names_the_process_that_uses_it(tmp_path: Path) -> None:
    with valkey_alone(tmp_path, []), pytest.raises(FatalError, match=f"in use by process {os.getpid()}"):
        valkey_alone(tmp_path, []).start()


def test_the_lock_of_a_dead_process_is_taken_over_with_a_note(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    pid = int(gone.stdout)
    (tmp_path / "lock").write_text(json.dumps({"pid": pid, "children": [[pid, 1.0]]}))
    said: list[str] = []
    with valkey_alone(tmp_path, said):
        assert said == [f"took over the lock of {tmp_path} from process {pid}, which is gone"]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FatalError, match="cannot be the data folder: "):
        valkey_alone(tmp_path / "file", []).start()


def test_a_lock_given_back_leaves_no_note(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with valkey_alone(tmp_path, said):
            pass
    assert said == []


def test_the_servers_of_an_owner_that_is_killed_end_and_their_data_stays(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, env=environment) as owner:
        assert owner.stdout
        pid, url = owner.stdout.readline().decode().split()
        with Redis.from_url(url) as client:
            client.set("key", "value")
        owner.kill()
    with valkey_alone(tmp_path, []) as stack:
        assert stack.valkey
        assert not psutil.pid_exists(int(pid))
        with Redis.from_url(stack.valkey.url) as client:
            assert client.get("key") == b"value"

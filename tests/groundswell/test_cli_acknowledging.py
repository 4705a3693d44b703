"""``ack`` as its users see it: with a converger that runs, with none, and for what cannot be acknowledged."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from consumers.converger.life import Life, Phase
from consumers.converger.partition import Closed, Happening
from consumers.converger.stage import Converger
from consumers.converger.state import State
from groundswell import store
from groundswell.cli import acknowledging
from groundswell.clock import SystemClock
from groundswell.messages import Alert
from groundswell.settings import Settings
from tests.alerts import alert_of
from tests.groundswell.conftest import Command

MINUTE = 29_540_000
FIRING, SOON, OVER = (Life(phase, MINUTE, fired=(MINUTE,)) for phase in (Phase.FIRING, Phase.PENDING, Phase.RESTING))


@pytest.fixture
def in_being(on_servers: Settings) -> Any:
    """Put alerts into the store as a converger leaves them: each with its life, in the partition given."""
    client = store.connect(on_servers.redis)

    def put(partition: int, *lives: tuple[Life, Alert]) -> None:
        state = State(client, on_servers.redis.prefix, on_servers.converger)
        held = state.claim(partition)
        held.partition.closed = MINUTE
        groups = {f"negative_surge:*/{alert.id}": Happening(life, alert) for life, alert in lives}
        state.save(held, None, Closed(groups=dict(groups)))

    yield put
    client.close()


@pytest.fixture
def converger(on_servers: Settings) -> Iterator[Any]:
    """Start a converger that holds both partitions and ticks until the end of the test."""
    client = store.connect(on_servers.redis)
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def tick(stage: Converger) -> None:
        while not stopping.wait(0.1):
            result = stage.tick({}, {})
            assert result.acknowledged
            result.acknowledged()

    def start() -> None:
        stage = Converger(on_servers, client, dict, SystemClock())
        for partition in range(on_servers.kafka.partitions):
            stage.open(partition)
        threads.append(threading.Thread(target=tick, args=(stage,)))
        threads[-1].start()

    yield start
    stopping.set()
    for thread in threads:
        thread.join()
    client.close()


def test_an_alert_is_acknowledged_by_the_beginning_of_its_id(command: Command, in_being: Any, converger: Any) -> None:
    in_being(1, (FIRING, alert_of(id="3f9c21d0a6b84e57")))
    converger()
    ran = command("ack", "3f9c21d0", "--by", "mei", "--note", "calling the bank")
    assert (ran.status, ran.err.strip()) == (0, "3f9c21d0a6b84e57 is acknowledged: negative surge")
    again = command("ack", "3f9c", "--by", "lin")
    assert (again.status, "acknowledged already, by mei" in again.err) == (1, True)


def test_without_a_converger_the_request_waits_for_one(
    command: Command, in_being: Any, converger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "PATIENCE_SECONDS", 0.2)
    in_being(0, (FIRING, alert_of()))
    ran = command("ack", "a1", "--by", "mei")
    assert (ran.status, "will be acknowledged when the converger runs" in ran.err) == (0, True)
    monkeypatch.setattr(acknowledging, "PATIENCE_SECONDS", 10)
    converger()
    assert "is acknowledged" in command("ack", "a1", "--by", "lin").err


def test_what_cannot_be_acknowledged_is_said_in_one_line(command: Command, in_being: Any) -> None:
    in_being(0, (FIRING, alert_of(id="aaa1")), (FIRING, alert_of(id="aaa2")), (SOON, alert_of(id="b1", state="pending")))
    in_being(1, (OVER, alert_of(id="c1", state="resolved")))
    for words, said in (
        (["zz"], "no alert in being begins so"),
        (["c1"], "it may be over"),
        (["aaa"], "2 alerts begin so, among them aaa1, aaa2"),
        (["b1"], "nobody was told of it yet"),
        (["aaa1", "--note", "x" * 501], "note"),
    ):
        ran = command("ack", *words, "--by", "mei")
        assert (ran.status, said in ran.err) == (1, True), ran.err
        assert len(ran.err.strip().splitlines()) == 1

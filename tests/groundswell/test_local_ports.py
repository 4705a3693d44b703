"""Free ports: nobody listens on them, and no two are the same."""

import random
import socket

from groundswell.local.ports import LOOPBACK, free_port, is_free


def test_no_port_is_given_twice_though_nobody_listens_on_it_yet() -> None:
    given = []
    for _ in range(500):
        random.seed(7)  # as test runners do before each test
        given.append(free_port())
    assert len(set(given)) == 500


def test_a_port_on_which_someone_listens_is_not_free() -> None:
    port = free_port()
    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)
    assert is_free(port)

"""The health check of the image, on real metrics pages."""

import json
import re
import subprocess
import sys

import pytest

from groundswell.metrics import MetricsServer
from tests.deploy.containers import DEPLOY, PORTS

HEALTHZ = DEPLOY / "docker" / "healthz.py"


def ask_health(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(HEALTHZ), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("well", [True, False])
def test_the_health_check_says_what_the_page_says(*, well: bool) -> None:
    page = MetricsServer("127.0.0.1", 0, lambda: (well, "nothing waits"))
    try:
        asked = ask_health(str(page.port))
    finally:
        page.close()
    assert asked.returncode == (0 if well else 1)
    assert asked.stderr == "" if well else json.loads(asked.stderr)["reason"] == "nothing waits"


def test_a_process_that_does_not_answer_is_unwell() -> None:
    page = MetricsServer("127.0.0.1", 0, lambda: (True, ""))
    page.close()
    asked = ask_health(str(page.port))
    assert asked.returncode == 1
    assert "no answer" in asked.stderr


def test_the_health_check_of_the_image_tries_the_ports_of_all_processes() -> None:
    found = re.search(r"^PORTS = \((.+)\)$", HEALTHZ.read_text(), re.MULTILINE)
    assert found
    assert {int(port) for port in found[1].split(",")} == set(PORTS.values())

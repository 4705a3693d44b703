"""The Alertmanager file: accepted by amtool, without a secret, and its example can be used as it stands."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Tool = Callable[[str], str]


@pytest.fixture(scope="module")
def written(deploy: Path) -> str:
    """The file as it ships."""
    return (deploy / "alertmanager" / "alertmanager.yml").read_text("utf-8")


def check(amtool: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([amtool, "check-config", str(path)], capture_output=True, text=True, timeout=30, check=False)


def example_in(written: str) -> str:
    """The receivers that the comments show, as they would stand in the file."""
    lines = re.findall(r"^#   (.*)$", written, re.MULTILINE)
    return "\n".join(lines[lines.index("receivers:") :])


def test_amtool_accepts_the_file(deploy: Path, tool: Tool) -> None:
    done = check(tool("amtool"), deploy / "alertmanager" / "alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_amtool_accepts_the_channels_that_the_comments_show(written: str, tool: Tool, tmp_path: Path) -> None:
    filled = tmp_path / "alertmanager.yml"
    filled.write_text(written[: written.index("\nreceivers:")] + "\n" + example_in(written) + "\n", "utf-8")
    assert "slack_configs" in yaml.safe_load(filled.read_text("utf-8"))["receivers"][0]
    done = check(tool("amtool"), filled)
    assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_stand_in_files_of_their_own(written: str) -> None:
    named = re.findall(r"(\w*(?:password|secret|token|api_url|key)\w*):", written)
    assert named
    assert all(name.endswith("_file") for name in named)


def test_every_alert_that_a_rule_of_inhibition_names_exists(written: str, deploy: Path) -> None:
    rules = (deploy / "prometheus" / "rules" / "groundswell.yml").read_text("utf-8")
    named = set(re.findall(r"Groundswell[A-Z]\w+", written))
    assert named <= set(re.findall(r"alert: (\w+)", rules))


def test_there_is_one_receiver_and_every_route_leads_to_it(written: str) -> None:
    config = yaml.safe_load(written)
    names = [receiver["name"] for receiver in config["receivers"]]
    routes = [config["route"], *config["route"]["routes"]]
    assert len(names) == 1
    assert {route["receiver"] for route in routes} == set(names)

"""The files of Prometheus: accepted, tested rule by rule, and made of series that exist."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from groundswell.settings import MetricsSettings
from tests.deploy.series import rules_of, wrong_series

Tool = Callable[[str], str]


def anchors(page: Path) -> set[str]:
    """The anchors that the headings and the marks of a page of Markdown make."""
    written = page.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", written, re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', written))


def test_promtool_accepts_the_configuration_and_the_rules(deploy: Path, tool: Tool) -> None:
    command = [tool("promtool"), "check", "config", str(deploy / "prometheus" / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["groundswell.yml", "packs.yml", "producers.yml", "weekly.yml"])
def test_each_alert_fires_when_it_should_and_not_when_it_should_not(deploy: Path, tool: Tool, name: str) -> None:
    command = [tool("promtool"), "test", "rules", str(deploy / "prometheus" / "tests" / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(deploy: Path) -> None:
    silent: set[str] = set()
    loud: set[str] = set()
    for path in (deploy / "prometheus" / "tests").glob("*.yml"):
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                (loud if case.get("exp_alerts") else silent).add(case["alertname"])
    assert {rule["alert"] for rule in rules_of(deploy)} == loud == silent


@pytest.mark.parametrize("language", ["runbook.md", "runbook.zh-CN.md"])
def test_each_alert_leads_to_its_part_of_the_runbook(deploy: Path, root: Path, language: str) -> None:
    pages = [rule["annotations"]["runbook_url"].split("#") for rule in rules_of(deploy)]
    assert {page for page, _ in pages} == {"docs/runbook.md"}
    assert {anchor for _, anchor in pages} <= anchors(root / "docs" / language)
    named = (root / "docs" / language).read_text("utf-8")
    assert [rule["alert"] for rule in rules_of(deploy) if rule["alert"] not in named] == []


def test_each_alert_says_how_grave_it_is_what_happened_and_what_to_know(deploy: Path) -> None:
    for rule in rules_of(deploy):
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]


def test_each_rule_looks_at_series_and_labels_that_exist(deploy: Path) -> None:
    assert [wrong for rule in rules_of(deploy) for wrong in wrong_series(rule["expr"])] == []


def test_the_tests_of_the_rules_give_them_series_that_exist(deploy: Path) -> None:
    given = [
        one["series"]
        for path in (deploy / "prometheus" / "tests").glob("*.yml")
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for one in test["input_series"]
    ]
    assert [wrong for series in given for wrong in wrong_series(series)] == []


def test_the_targets_of_one_machine_are_the_ports_of_the_settings(deploy: Path) -> None:
    listed = yaml.safe_load((deploy / "prometheus" / "targets" / "local.yml").read_text("utf-8"))
    ports = {one["labels"]["stage"]: int(one["targets"][0].rpartition(":")[2]) for one in listed}
    job = yaml.safe_load((deploy / "prometheus" / "prometheus.yml").read_text("utf-8"))["scrape_configs"][0]
    wanted = {name.removesuffix("_port"): port for name, port in MetricsSettings().model_dump().items() if name != "host"}
    assert ports == wanted == {one["names"][0]: one["port"] for one in job["dns_sd_configs"]}

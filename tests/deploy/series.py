"""The series that a Prometheus has of Groundswell, and what an expression and the rules ask of them, for the tests."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from groundswell import metrics

OF_ANY_TARGET = {"job", "instance", "stage"}
OF_PROCESSES = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
SELECTOR = re.compile(r"\b([a-z_]+)\{([^}]*)\}")


@cache
def series_by_metric() -> dict[str, frozenset[str]]:
    """Metric of ``metrics.py`` -> the names of its series on the page."""
    declared = [metric for metric in vars(metrics).values() if hasattr(metric, "_labelnames")]
    return {metric._name: frozenset(metric._name + ending for ending in ENDINGS[metric._type]) for metric in declared}


@cache
def labels_by_series() -> dict[str, set[str]]:
    """Series -> the labels that it has once it is scraped."""
    found = {name: set(OF_ANY_TARGET) for name in OF_PROCESSES}
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            for name in series_by_metric()[metric._name]:
                found[name] = {*metric._labelnames, *OF_ANY_TARGET, *({"le"} if name.endswith("_bucket") else ())}
    return found


def series_in(expression: str) -> set[str]:
    """The series that ``expression`` asks for."""
    return {name for name, _ in SELECTOR.findall(expression)}


def wrong_series(expression: str) -> list[str]:
    """Series, and labels matched or grouped by, that ``expression`` asks for and that do not exist."""
    known = labels_by_series()
    wrong = [name for name in series_in(expression) if name not in known]
    asked: set[str] = set().union(*(known.get(name, set()) for name in series_in(expression)))
    for name, matchers in SELECTOR.findall(expression):
        wrong += [f"{name}: {label}" for label in re.findall(r"(\w+)(?:=|!)", matchers) if label not in known.get(name, set())]
    for grouped in re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression):
        wrong += [label.strip() for label in grouped.split(",") if label.strip() not in asked]
    return wrong


def rules_of(deploy: Path) -> list[dict[str, Any]]:
    """The rules of Prometheus."""
    groups = yaml.safe_load((deploy / "prometheus" / "rules" / "groundswell.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]

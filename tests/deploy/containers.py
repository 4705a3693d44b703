"""What compose and Kubernetes start, read from their files for the tests."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from groundswell.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "docker-compose.yml"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
KUBERNETES = DEPLOY / "kubernetes"
CONFIG = DEPLOY / "config"
PORTS = {name: getattr(Settings().metrics, f"{name}_port") for name in ("diverger", "converger", "notifier", "ingest", "feeds")}
REFERENCE = re.compile(r"^\$\{(\w+)(?::([-?])(.*))?\}$", re.DOTALL)
MANIFESTS = sorted(path for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml")
KUSTOMIZATIONS = sorted(DEPLOY.rglob("kustomization.yaml"))


@dataclass(frozen=True)
class Process:
    """A container of the program: what it runs, in which environment, how it is confined, how it is asked for its health."""

    where: str
    name: str
    arguments: list[str]
    environment: dict[str, str]
    user: int
    read_only: bool
    dropped: list[str]
    asked: set[int]
    """The ports at which its health is asked."""


def plain(value: str | None) -> str | None:
    """What compose makes of ``value`` where nothing is set: a reference's default, something made up for what it demands."""
    reference = REFERENCE.match(value or "")
    if reference is None:
        return value
    return {"-": reference[3], "?": "made up", None: None}[reference[2]]


@cache
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def composed() -> Iterator[Process]:
    for name, service in services().items():
        if not service["image"].startswith("groundswell:"):
            continue
        values = {key: plain(value) for key, value in service["environment"].items()}
        yield Process(
            where="compose",
            name=name,
            arguments=service["command"],
            environment={key: value for key, value in values.items() if value is not None},
            user=int(service["user"].split(":")[0]),
            read_only=service["read_only"],
            dropped=service["cap_drop"],
            asked={int(service["healthcheck"]["test"][-1])},
        )


@cache
def objects() -> list[dict[str, Any]]:
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [one for one in objects() if one["kind"] in kinds]


def workloads() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each workload with its one container."""
    for one in of_kind("Deployment", "StatefulSet"):
        (container,) = one["spec"]["template"]["spec"]["containers"]
        yield one, container


def config_maps(volume: Mapping[str, Any]) -> list[str]:
    """The ConfigMaps of a volume."""
    sources = [volume, *volume.get("projected", {}).get("sources", ())]
    return [source["configMap"]["name"] for source in sources if "configMap" in source]


def orchestrated() -> Iterator[Process]:
    (shared,) = (one["data"] for one in of_kind("ConfigMap") if one["metadata"]["name"] == "groundswell")
    for one, container in workloads():
        if not container["image"].startswith("groundswell:"):
            continue
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        probes = [container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")]
        assert {probe["path"] for probe in probes} == {"/healthz"}
        confined = container["securityContext"]
        assert not confined["allowPrivilegeEscalation"]
        yield Process(
            where="kubernetes",
            name=one["metadata"]["name"],
            arguments=container["args"],
            environment=shared | {entry["name"]: entry["value"] for entry in container.get("env", ())},
            user=one["spec"]["template"]["spec"]["securityContext"]["runAsUser"],
            read_only=confined["readOnlyRootFilesystem"],
            dropped=confined["capabilities"]["drop"],
            asked={ports[probe["port"]] for probe in probes},
        )


PROCESSES = [*composed(), *orchestrated()]

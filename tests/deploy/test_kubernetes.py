"""The manifests: every name leads somewhere, every pod is confined, and kustomize builds them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundswell.kafka import Topics
from groundswell.settings import Settings
from tests.deploy.containers import DEPLOY, KUBERNETES, KUSTOMIZATIONS, PORTS, ROOT, config_maps, of_kind, workloads


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_a_kustomization_names_files_that_exist(path: Path) -> None:
    chosen = yaml.safe_load(path.read_text())
    named = [*chosen.get("resources", ()), *chosen.get("components", ())]
    named += [file for generated in chosen.get("configMapGenerator", ()) for file in generated["files"]]
    for name in named:
        assert (path.parent / name).exists(), name
    if KUBERNETES in path.parents:
        assert {one.name for one in path.parent.glob("*.yaml")} - {path.name} <= set(named)


def test_every_rule_and_dashboard_is_in_a_config_map() -> None:
    generated = {
        (path.parent / file).resolve()
        for path in KUSTOMIZATIONS
        for one in yaml.safe_load(path.read_text()).get("configMapGenerator", ())
        for file in one["files"]
    }
    assert {*DEPLOY.glob("prometheus/rules/*.yml"), *DEPLOY.glob("grafana/dashboards/*.json")} <= generated


@cache
def names_of(kind: str) -> set[str]:
    generated = {
        one["name"] for path in KUSTOMIZATIONS for one in yaml.safe_load(path.read_text()).get("configMapGenerator", ())
    }
    return {one["metadata"]["name"] for one in of_kind(kind)} | (generated if kind == "ConfigMap" else set())


def test_every_config_map_claim_and_target_that_is_named_exists() -> None:
    for one, container in workloads():
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                assert source["configMapRef"]["name"] in names_of("ConfigMap")
            else:
                assert source["secretRef"]["optional"]
        volumes = one["spec"]["template"]["spec"].get("volumes", ())
        for volume in volumes:
            assert set(config_maps(volume)) <= names_of("ConfigMap")
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in names_of("PersistentVolumeClaim")
        claimed = [claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in volumes} | set(claimed)
    assert {one["spec"]["serviceName"] for one in of_kind("StatefulSet")} <= names_of("Service")


def test_every_selector_finds_pods_and_every_port_its_name() -> None:
    pods = [(one["spec"]["template"]["metadata"]["labels"], container) for one, container in workloads()]
    for one, _ in workloads():
        assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
    for service in of_kind("Service"):
        (container,) = (container for labels, container in pods if service["spec"]["selector"].items() <= labels.items())
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    for budget in of_kind("PodDisruptionBudget"):
        assert any(budget["spec"]["selector"]["matchLabels"].items() <= labels.items() for labels, _ in pods)
    for policy in of_kind("NetworkPolicy"):
        chosen = policy["spec"]["podSelector"].get("matchLabels", {})
        assert any(chosen.items() <= labels.items() for labels, _ in pods)


def test_pods_are_scraped_where_their_metrics_are() -> None:
    for one, container in workloads():
        if (name := container["name"]) in PORTS:
            annotations = one["spec"]["template"]["metadata"]["annotations"]
            assert annotations["prometheus.io/port"] == str(PORTS[name])


def test_every_pod_is_confined() -> None:
    for one, container in workloads():
        pod = one["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()


def test_lag_is_asked_of_the_groups_and_topics_that_the_stages_use() -> None:
    settings = Settings()
    topics = Topics(settings.kafka.topic_prefix)
    read = {"diverger": topics.texts, "converger": topics.hypotheses}
    scaled = {one["metadata"]["name"]: one["spec"] for one in of_kind("ScaledObject")}
    assert scaled.keys() == read.keys()
    for stage, spec in scaled.items():
        (trigger,) = spec["triggers"]
        assert spec["scaleTargetRef"]["name"] == stage
        assert trigger["metadata"]["consumerGroup"] == f"{settings.kafka.topic_prefix}.{stage}"
        assert trigger["metadata"]["topic"] == read[stage]
        assert spec["maxReplicaCount"] == settings.kafka.partitions


def volumes_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    if one["kind"] not in {"Deployment", "StatefulSet"}:
        return []
    found: list[dict[str, Any]] = one["spec"]["template"]["spec"].get("volumes", [])
    return found


@pytest.mark.parametrize("folder", ["base", "servers", "example"])
def test_kustomize_builds_without_a_warning(folder: str) -> None:
    if (found := shutil.which("kubectl")) is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run([found, "kustomize", str(KUBERNETES / folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert not built.stderr
    made = list(yaml.safe_load_all(built.stdout))
    assert len({(one["kind"], one["metadata"]["name"]) for one in made}) == len(made)
    named = {name for one in made for volume in volumes_of(one) for name in config_maps(volume)}
    assert named <= {one["metadata"]["name"] for one in made if one["kind"] == "ConfigMap"}
    if folder == "example":
        assert {one["metadata"]["namespace"] for one in made if one["kind"] != "Namespace"} == {"groundswell"}
        assert built.stdout.count("kafka.groundswell.svc:9092") == 4

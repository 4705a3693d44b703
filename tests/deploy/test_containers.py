"""The files that deploy: what they start is what the program has, confined, pinned and without a secret."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from groundswell import settings as tree
from groundswell.settings import ENV_PREFIX, MAX_MESSAGE_BYTES, Settings
from groundswell.supervise import STAGES
from tests.deploy.containers import (
    COMPOSE,
    DEPLOY,
    DOCKERFILE,
    PORTS,
    PROCESSES,
    REFERENCE,
    ROOT,
    Process,
    objects,
    services,
    workloads,
)

SECRET = re.compile(r"password|token|secret|author_key|access_?key|private_?key", re.IGNORECASE)
VARIABLE = re.compile(rf"\b{ENV_PREFIX}[A-Z_]*[A-Z]")
FILES = [
    path
    for path in (*DEPLOY.rglob("*"), ROOT / ".dockerignore")
    if path.is_file() and path.name != ".env" and "tests" not in path.relative_to(DEPLOY.parent).parts
]
each_process = pytest.mark.parametrize("process", PROCESSES, ids=lambda process: f"{process.where}-{process.name}")


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_every_stage_and_the_ingest_service_have_a_container(where: str) -> None:
    arguments = {process.name: process.arguments for process in PROCESSES if process.where == where}
    for stage in STAGES:
        assert arguments[stage] == ["run", stage]
    assert arguments["ingest"] == ["produce", "http"]


@each_process
def test_a_container_may_do_nothing_but_run(process: Process) -> None:
    assert process.user > 0
    assert process.read_only
    assert process.dropped == ["ALL"]


@each_process
def test_health_is_asked_at_the_process_own_port(process: Process) -> None:
    assert process.asked == {PORTS[process.name]}


@each_process
def test_the_environment_of_a_container_is_valid_settings(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    settings = tree.load()
    assert settings.metrics.host == "0.0.0.0"  # noqa: S104 - as a container must
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    if process.name == "ingest":
        assert settings.ingest.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_named_is_a_setting(path: Path) -> None:
    for variable in set(VARIABLE.findall(path.read_text(encoding="utf-8"))):
        if variable == f"{ENV_PREFIX}CONFIG":
            continue
        section, *rest = variable.removeprefix(ENV_PREFIX).lower().split("__")
        model: Any = Settings.model_fields[section].annotation
        for part in rest:
            assert part in model.model_fields, variable
            model = model.model_fields[part].annotation


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Each key with its value, at any depth; Kubernetes' name and value are a pair too."""
    if isinstance(value, Mapping):
        if "name" in value and "value" in value:
            yield str(value["name"]), value["value"]
        for key, inner in value.items():
            yield str(key), inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in {".yml", ".yaml", ".json"}], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_file_holds_a_secret(path: Path) -> None:
    for key, value in (pair for document in yaml.safe_load_all(path.read_text("utf-8")) for pair in pairs(document)):
        if isinstance(value, str) and SECRET.search(key) and key not in {"secretName", "secretKeyRef"}:
            assert not value or REFERENCE.match(value), f"{key} has a value of its own"


def test_secrets_are_made_by_the_user_and_not_by_a_manifest() -> None:
    assert "Secret" not in {one["kind"] for one in objects()}


def test_the_example_of_an_env_file_holds_names_alone() -> None:
    lines = (DEPLOY / ".env.example").read_text("utf-8").splitlines()
    filled = [line for line in lines if line and not line.startswith("#") and not line.endswith("=")]
    assert filled == []
    wanted = {match[1] for match in re.finditer(r"\$\{(\w+):\?", COMPOSE.read_text())}
    assert wanted <= {line.removesuffix("=") for line in lines}


def test_every_image_is_pinned_by_its_version() -> None:
    dockerfile = DOCKERFILE.read_text()
    python = re.search(r"^ARG PYTHON=(\S+)$", dockerfile, re.MULTILINE)
    assert python
    images = [line.split()[1].replace("${PYTHON}", python[1]) for line in dockerfile.splitlines() if line.startswith("FROM ")]
    images = [image for image in images if image != "build"]
    images += [service["image"] for service in services().values()]
    images += [container["image"] for _, container in workloads()]
    assert len(images) > 15
    for image in images:
        assert re.search(r":v?\d+\.\d+", image), image


def test_compose_and_kubernetes_run_the_same_servers() -> None:
    composed = {service["image"] for name, service in services().items() if name != "feeds"}
    assert {container["image"] for _, container in workloads()} == composed


def test_the_image_has_the_version_of_the_program() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"\nARG VERSION={version[1]}\n" in DOCKERFILE.read_text()
    assert services()["diverger"]["image"] == f"groundswell:{version[1]}"


def test_the_image_runs_as_a_number_and_without_a_shell() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert 'ENTRYPOINT ["groundswell"]' in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert any(line.startswith("HEALTHCHECK") and "CMD [" in line for line in lines)


@pytest.mark.parametrize("name", sorted(services()))
def test_a_service_of_compose_is_confined_watched_and_seen_from_this_machine_alone(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["deploy"]["resources"]["limits"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    for needed, how in service.get("depends_on", {}).items():
        assert needed in services()
        assert how == {"condition": "service_healthy"}


def test_what_compose_mounts_exists() -> None:
    declared = yaml.safe_load(COMPOSE.read_text())["volumes"]
    for service in services().values():
        for volume in service.get("volumes", ()):
            source = volume.replace("${CONFIG_DIR:-./config}", "./config").split(":")[0]
            assert source in declared or (DEPLOY / source).exists(), source


def test_kafka_takes_the_largest_record_that_is_sent() -> None:
    environments = [services()["kafka"]["environment"]]
    environments += [
        {entry["name"]: entry["value"] for entry in container["env"]}
        for one, container in workloads()
        if container["name"] == "kafka"
    ]
    for environment in environments:
        assert int(environment["KAFKA_MESSAGE_MAX_BYTES"]) >= MAX_MESSAGE_BYTES
        assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"

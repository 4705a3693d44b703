"""The files of deploy/config: what ships changes nothing, its examples work, and each is seen where a setting names it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from consumers.converger import playbook
from consumers.notifier import recurring
from groundswell.messages import AlertKind
from model import taxonomy
from tests.deploy.containers import (
    CONFIG,
    KUSTOMIZATIONS,
    PROCESSES,
    config_maps,
    orchestrated,
    services,
    workloads,
)

FOLDER = PurePosixPath("/etc/groundswell")
OWN = {"calendar.yaml": {"notifier"}, "playbooks.yaml": {"converger"}}
"""Files that one stage alone reads."""


def example_in(name: str, folder: Path) -> Path:
    """A file in ``folder`` with what the comments of a shipped file show."""
    lines = re.findall(r"^#   (.*)$", (CONFIG / name).read_text("utf-8"), re.MULTILINE)
    path = folder / name
    path.write_text("\n".join(lines), "utf-8")
    return path


def files_of(config_map: str) -> set[str]:
    """The files of a ConfigMap that kustomize makes."""
    made = [one for path in KUSTOMIZATIONS for one in yaml.safe_load(path.read_text()).get("configMapGenerator", ())]
    return {file for one in made if one["name"] == config_map for file in one["files"]}


def seen_by(one: Mapping[str, Any], container: Mapping[str, Any]) -> set[str]:
    """The files that a pod has in the folder of the settings."""
    (mount,) = (mount for mount in container["volumeMounts"] if mount["mountPath"] == str(FOLDER))
    assert mount["readOnly"]
    (volume,) = (volume for volume in one["spec"]["template"]["spec"]["volumes"] if volume["name"] == mount["name"])
    return {file for name in config_maps(volume) for file in files_of(name)}


def of_groundswell() -> Iterator[tuple[str, set[str]]]:
    for one, container in workloads():
        if container["image"].startswith("groundswell:"):
            yield container["name"], seen_by(one, container)


def named_in(environment: Mapping[str, str]) -> set[str]:
    """The files of the folder that the values of variables name, but for the settings file, which need not be there."""
    named = {value for key, value in environment.items() if key != "GROUNDSWELL_CONFIG" and value.startswith(f"{FOLDER}/")}
    return {PurePosixPath(value).name for value in named}


def test_the_calendar_that_ships_holds_nothing_back() -> None:
    assert recurring.read(CONFIG / "calendar.yaml") == ()


def test_the_calendar_in_the_comments_can_be_used(tmp_path: Path) -> None:
    assert [one.name for one in recurring.read(example_in("calendar.yaml", tmp_path))] == ["a-shares", "maintenance"]


def test_the_playbooks_that_ship_replace_nothing() -> None:
    topics = taxonomy.load()
    assert playbook.load(CONFIG / "playbooks.yaml", topics) == playbook.load(None, topics)


def test_the_playbooks_in_the_comments_replace_what_they_name(tmp_path: Path) -> None:
    topics = taxonomy.load()
    shipped, own = (playbook.load(path, topics) for path in (None, example_in("playbooks.yaml", tmp_path)))
    for topic, kind in (("liquidity", AlertKind.NEGATIVE_SURGE), ("fraud", AlertKind.SILENCE)):
        assert own.plan(topic, kind) != shipped.plan(topic, kind)
    assert own.plan("fraud", AlertKind.NEGATIVE_SURGE) == shipped.plan("fraud", AlertKind.NEGATIVE_SURGE)


def test_what_the_settings_of_a_pod_name_is_mounted_in_it() -> None:
    seen = dict(of_groundswell())
    for process in orchestrated():
        assert "watchlist.yaml" in (named := named_in(process.environment))
        assert named <= seen[process.name]


@pytest.mark.parametrize("file", OWN)
def test_a_file_of_one_stage_is_named_to_that_stage_and_seen_by_it_alone(file: str) -> None:
    pods = list(of_groundswell())
    assert {name for name, files in pods if file in files} == OWN[file]
    assert {process.name for process in orchestrated() if file in named_in(process.environment)} == OWN[file]


def test_compose_mounts_the_folder_read_only_into_every_process_and_takes_the_files_of_a_stage_from_the_env_file() -> None:
    for process in (one for one in PROCESSES if one.where == "compose"):
        assert f"${{CONFIG_DIR:-./config}}:{FOLDER}:ro" in services()[process.name]["volumes"]
        assert named_in(process.environment) == {"watchlist.yaml"}  # a folder of the user's own need not have more
    offered = (CONFIG.parent / ".env.example").read_text("utf-8")
    for variable, path in re.findall(rf"^#(GROUNDSWELL_\w+)=({FOLDER}/\S+\.yaml)$", offered, re.MULTILINE):
        name = PurePosixPath(path).name
        assert (CONFIG / name).is_file()
        assert {service for service, what in services().items() if variable in what.get("environment", ())} == OWN[name]
    assert {file for file in OWN if f"={FOLDER / file}\n" in offered} == set(OWN)

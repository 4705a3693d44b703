"""The dashboards: portable, whole, and made of metrics and labels that exist; no metric is missing from them."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.series import series_by_metric, series_in, wrong_series

Dashboard = dict[str, Any]
NAMES = ("flow", "opinion", "packs")
KINDS = {"row", "stat", "timeseries", "table", "bargauge"}
"""The types of panels in use: all of them are there in Grafana 11 and after."""
FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def load(name: str) -> Dashboard:
    read: Dashboard = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return read


@pytest.fixture(params=NAMES)
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    """Each of the dashboards."""
    return load(request.param)


def shown(dashboard: Dashboard) -> list[dict[str, Any]]:
    """The panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard: Dashboard) -> Iterator[str]:
    for panel in shown(dashboard):
        for target in panel["targets"]:
            yield target["expr"]


def test_the_only_data_source_is_the_variable(dashboard: Dashboard) -> None:
    variables = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    assert [(one["name"], one["query"]) for one in variables] == [("datasource", "prometheus")]
    used = [panel["datasource"] for panel in shown(dashboard)]
    used += [target["datasource"] for panel in shown(dashboard) for target in panel["targets"]]
    used += [one["datasource"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    assert all(one == {"type": "prometheus", "uid": "${datasource}"} for one in used)


def test_nothing_ties_it_to_one_installation(dashboard: Dashboard) -> None:
    assert dashboard["id"] is None
    assert not {"uid", "__inputs", "__requires", "gnetId"} & set(dashboard)
    assert not re.search(r"\$\{DS_", json.dumps(dashboard))


def test_every_panel_says_what_it_shows_and_in_which_unit(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None, panel["title"]


def test_every_panel_is_of_a_type_that_lasts_and_every_target_asks_something(dashboard: Dashboard) -> None:
    assert dashboard["schemaVersion"] >= 39
    for panel in dashboard["panels"]:
        assert panel["type"] in KINDS
    for panel in shown(dashboard):
        assert all(target["expr"] for target in panel["targets"])
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)) > 0


def test_lines_have_a_legend_with_figures(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        if panel["type"] == "timeseries":
            assert panel["options"]["legend"]["calcs"], panel["title"]
            assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


def test_panels_neither_overlap_nor_leave_the_page(dashboard: Dashboard) -> None:
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(dashboard["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart_across = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        apart_down = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart_across or apart_down, (one["title"], other["title"])


def test_ids_and_titles_are_unique(dashboard: Dashboard) -> None:
    for key in ("id", "title"):
        values = [panel[key] for panel in dashboard["panels"]]
        assert len(values) == len(set(values))


def test_every_metric_exists_with_the_labels_that_are_asked_for(dashboard: Dashboard) -> None:
    assert [wrong for expression in expressions(dashboard) for wrong in wrong_series(expression)] == []


def test_no_metric_is_missing_from_the_dashboards() -> None:
    shown_somewhere = {name for one in NAMES for expression in expressions(load(one)) for name in series_in(expression)}
    missing = {metric for metric, series in series_by_metric().items() if not series & shown_somewhere}
    assert missing == set()


def test_every_legend_names_labels_that_the_expression_keeps(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        for target in panel["targets"]:
            wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            groups = re.findall(r"by \(([^)]*)\)", target["expr"])
            kept = {one.strip() for group in groups for one in group.split(",")} if groups else set(wanted)
            assert wanted <= kept, panel["title"]


def test_every_rate_over_time_follows_the_scrape_interval(dashboard: Dashboard) -> None:
    for panel in shown(dashboard):
        if panel["type"] == "timeseries":
            ranges = {one for target in panel["targets"] for one in re.findall(r"\[([^\]]+)\]", target["expr"])}
            assert ranges <= {"$__rate_interval"}, panel["title"]


def test_every_variable_in_an_expression_is_one_of_the_dashboard(dashboard: Dashboard) -> None:
    own = {one["name"] for one in dashboard["templating"]["list"]} | {"__rate_interval", "__range"}
    assert {one for expression in expressions(dashboard) for one in re.findall(r"\$(\w+)", expression)} <= own


def test_each_dashboard_leads_to_the_others() -> None:
    for dashboard in map(load, NAMES):
        link = dashboard["links"][0]
        assert link["type"] == "dashboards"
        assert set(link["tags"]) <= set(dashboard["tags"])


def test_the_provisioning_reads_them_and_fixes_no_uid(deploy: Path) -> None:
    folder = deploy / "grafana" / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"][0]
    provider = yaml.safe_load((folder / "dashboards" / "groundswell.yml").read_text("utf-8"))["providers"][0]
    scraped = yaml.safe_load((deploy / "prometheus" / "prometheus.yml").read_text("utf-8"))["global"]["scrape_interval"]
    assert source["type"] == "prometheus"
    assert "uid" not in source
    assert source["jsonData"]["timeInterval"] == scraped
    assert provider["type"] == "file"

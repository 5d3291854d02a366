"""Rules and dashboards are what the script writes of the server's own metrics, and Prometheus takes them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import BaseModel

from server.dashboards.__main__ import DEPLOY, main
from server.dashboards.alerts import ALERTS, GUIDE
from server.dashboards.boards import BOARDS, LEFT_OUT
from server.dashboards.files import BOARDS_FOLDER, RULES, files
from server.dashboards.names import Names, UnknownNameError, family_of
from server.dashboards.panels import COLUMNS
from server.dashboards.rules import with_records
from server.every_metric import EveryMetric
from server.settings import Settings
from tests.prometheus import JOB, program

ROOT = Path(__file__).parents[1]


@pytest.fixture
def names() -> Names:
    registry = CollectorRegistry()
    Counter("calls", "", ["line"], registry=registry)
    Histogram("wait_seconds", "", ["stage"], registry=registry)
    return Names.of(registry)


def test_what_stands_in_deploy_is_what_the_script_writes(tmp_path: Path) -> None:
    main(tmp_path)
    written = {file.relative_to(tmp_path): file.read_text() for file in tmp_path.rglob("*.*")}
    assert written == files()
    assert {name: (DEPLOY / name).read_text() for name in written} == written, "run make dashboards"
    there = {file.relative_to(DEPLOY) for file in (DEPLOY / BOARDS_FOLDER).iterdir()}
    assert {RULES, *there} == set(written)


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ('sum by (line) (rate(calls_total{line=~"a|wait", instance="x"}[5m]))', {"calls_total"}),
        ("histogram_quantile(0.9, sum by (le, stage) (rate(wait_seconds_bucket[1m])))", {"wait_seconds_bucket"}),
        ("calls_total and on (instance) up == 0", {"calls_total", "up"}),
    ],
)
def test_a_query_of_what_there_is_is_understood(names: Names, query: str, series: set[str]) -> None:
    assert names.asked(query) == series


@pytest.mark.parametrize(
    "query",
    [
        "calls",
        "rate(call_total[5m])",
        "wait_seconds",
        'calls_total{stage="a"}',
        "sum by (stage) (calls_total)",
        "sum by (le) (wait_seconds_sum)",
        "calls_total and on (node) up",
        "calls:rate",
        "guess(calls_total)",
    ],
)
def test_a_name_or_a_label_that_there_is_not_is_refused(names: Names, query: str) -> None:
    with pytest.raises(UnknownNameError):
        names.asked(query)


def test_a_series_that_is_recorded_may_be_asked_for_with_the_labels_it_keeps(names: Names) -> None:
    known = names.knowing("calls:rate", ["line"])
    assert known.asked('calls:rate{line="a"}') == {"calls:rate"}
    with pytest.raises(UnknownNameError):
        known.asked('calls:rate{instance="a"}')


def test_every_metric_is_on_a_dashboard_or_left_out_by_name() -> None:
    names = with_records(Names.of(EveryMetric.made().registry))
    drawn = {
        family_of(series)
        for board in BOARDS
        for panel in board.panels
        for query in panel.queries
        for series in names.asked(query.text)
    }
    assert names.families - drawn == LEFT_OUT


def test_no_label_is_of_a_call_or_a_person() -> None:
    names = Names.of(EveryMetric.made().registry)
    of_ours = {
        "transport",
        "stage",
        "provider",
        "outcome",
        "kind",
        "trouble",
        "status",
        "state",
        "method",
        "route",
        "to",
        "guardrail",
    }
    assert frozenset().union(*names.series.values()) == of_ours | {"neighbour", "le", "instance", "job"}


class Target(BaseModel):
    refId: str  # noqa: N815 - as Grafana writes it
    expr: str
    datasource: dict[str, str]


class Place(BaseModel):
    x: int
    y: int
    w: int
    h: int


class Panel(BaseModel):
    id: int
    type: str
    title: str
    gridPos: Place  # noqa: N815
    datasource: dict[str, str]
    targets: list[Target]
    fieldConfig: dict[str, Any]  # noqa: N815


class Board(BaseModel):
    uid: str
    title: str
    schemaVersion: int  # noqa: N815
    panels: list[Panel]
    templating: dict[str, list[dict[str, Any]]]


@pytest.mark.parametrize("file", sorted((DEPLOY / BOARDS_FOLDER).iterdir()), ids=lambda file: file.stem)
def test_a_dashboard_has_what_grafana_needs(file: Path) -> None:
    board = Board.model_validate(json.loads(file.read_text()))
    assert (board.uid, len(board.uid) <= 40) == (file.stem, True)
    variables = [variable["name"] for variable in board.templating["list"]]
    assert variables[0] == "datasource"
    taken: set[tuple[int, int]] = set()
    for panel in board.panels:
        place = panel.gridPos
        cells = {(x, y) for x in range(place.x, place.x + place.w) for y in range(place.y, place.y + place.h)}
        assert not cells & taken
        assert place.x + place.w <= COLUMNS
        taken |= cells
        assert {one["uid"] for one in (panel.datasource, *(each.datasource for each in panel.targets))} == {
            "${datasource}"
        }
        asked = {name for target in panel.targets for name in re.findall(r"\$([a-z]+)", target.expr)}
        assert asked <= set(variables)
        assert len({target.refId for target in panel.targets}) == len(panel.targets)
    assert len({panel.id for panel in board.panels}) == len(board.panels)


def test_every_alert_has_a_section_that_says_more() -> None:
    guide = (ROOT / GUIDE).read_text()
    sections = re.findall(r"^### (Vaani\w+)$", guide, re.MULTILINE)
    assert sections == [alert.name for alert in ALERTS]
    for alert in ALERTS:
        assert alert.runbook == f"{GUIDE}#{alert.name.lower()}"
        assert alert.summary.endswith(".")
        assert alert.action.endswith(".")


def test_a_slow_answer_leads_to_the_page_of_its_call() -> None:
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    (way,) = source["datasources"][0]["jsonData"]["exemplarTraceIdDestinations"]
    assert (way["name"], way["url"]) == ("call", "${VAANI_PUBLIC_URL}/#/calls/$${__value.raw}")
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]
    assert "VAANI_PUBLIC_URL" in compose["grafana"]["environment"]
    assert "--enable-feature=exemplar-storage" in compose["prometheus"]["command"]
    assert "public_url" in Settings.model_fields


def test_grafana_finds_the_dashboards_and_prometheus_the_rules() -> None:
    provided = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/vaani.yaml").read_text())
    (folder,) = [provider["options"]["path"] for provider in provided["providers"]]
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]
    assert f"./{BOARDS_FOLDER}:{folder}:ro" in compose["grafana"]["volumes"]
    configured = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert configured["rule_files"] == [RULES.name]
    assert JOB in [job["job_name"] for job in configured["scrape_configs"]]


def test_the_alerts_fire_when_they_should() -> None:
    folder = Path(__file__).parent
    run = [program("promtool"), "test", "rules", str(folder / "prometheus_rules.yml")]
    done = subprocess.run(run, check=False, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr

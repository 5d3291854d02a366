"""What a dashboard is put together of, and how Grafana reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from server.dashboards.names import Names

SCHEMA = 39
"""Grafana's, of its version 11."""
COLUMNS, HEIGHT = 24, 8
"""Of the grid: the breadth of a dashboard, and the height of a panel."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "vaani"
Unit = Literal["s", "short", "percentunit", "reqps", "ops", "bytes", "none"]


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    legend: str = ""
    exemplars: bool = False
    """Shows calls as points: each leads to its page in the console."""


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    queries: Sequence[Query]
    unit: Unit = "short"
    about: str = ""
    kind: Literal["timeseries", "stat", "heatmap"] = "timeseries"
    warn: float | None = None
    """From here on it is yellow, and from `bad` on red."""
    bad: float | None = None
    stacked: bool = False
    width: int = 8


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    label: str
    series: str
    of: str
    """The label of the series that it goes through."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    uid: str
    title: str
    about: str
    panels: Sequence[Panel]
    variables: Sequence[Variable] = ()

    def shown(self, names: Names) -> dict[str, Any]:
        """As Grafana reads it. Raises UnknownNameError."""
        for panel in self.panels:
            for query in panel.queries:
                names.asked(query.text)
        for variable in self.variables:
            names.asked(f'{variable.series}{{{variable.of}=""}}')
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": [TAG],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "links": [{"type": "dashboards", "title": "Vaani", "tags": [TAG], "asDropdown": True, "keepTime": True}],
            "templating": {"list": [_datasource(), *map(_variable, self.variables)]},
            "panels": _laid_out(self.panels),
        }


def _laid_out(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    shown, x, y = [], 0, 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        shown.append({"id": number, "gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT}, **_panel(panel)})
        x += panel.width
    return shown


def _panel(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [
        {"color": color, "value": at} for color, at in (("yellow", panel.warn), ("red", panel.bad)) if at is not None
    ]
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "lineWidth": 1,
            "fillOpacity": 15 if panel.stacked else 0,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if len(steps) > 1 else "off"},
        }
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "targets": [_target(panel, query, chr(ord("A") + place)) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
    }


def _options(panel: Panel) -> dict[str, Any]:
    match panel.kind:
        case "stat":
            return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area", "colorMode": "value"}
        case "heatmap":
            return {"calculate": False, "yAxis": {"unit": panel.unit}, "exemplars": {"color": "rgba(255,0,255,0.7)"}}
        case _:
            legend = {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def _target(panel: Panel, query: Query, ref: str) -> dict[str, Any]:
    return {
        "refId": ref,
        "datasource": SOURCE,
        "expr": query.text,
        "legendFormat": query.legend or "__auto",
        "exemplar": query.exemplars,
        "range": True,
        "format": "heatmap" if panel.kind == "heatmap" else "time_series",
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> dict[str, Any]:
    query = f"label_values({variable.series}, {variable.of})"
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": variable.name},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }

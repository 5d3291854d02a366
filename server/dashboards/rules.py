"""Records and alerts as Prometheus reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import wrap

from server.dashboards.alerts import ALERTS, Alert
from server.dashboards.names import Names
from server.dashboards.records import GROUPS, Record

HEAD = "# Written by `make dashboards` of the server's own metrics: change server/dashboards instead."

WIDTH = 105
"""Of a line, without what it is indented by."""


def with_records(names: Names) -> Names:
    """Raises UnknownNameError."""
    for records in GROUPS.values():
        for record in records:
            names.asked(record.query)
            names = names.knowing(record.name, record.labels)
    return names


def rules(names: Names) -> str:
    """The file. Raises UnknownNameError."""
    known = with_records(names)
    for alert in ALERTS:
        known.asked(alert.query)
    lines = [HEAD, "groups:"]
    for group, records in GROUPS.items():
        lines += [f"  - name: {group}", "    rules:"]
        lines += [line for record in records for line in _entry(_recorded(record))]
    lines += ["  - name: alerts", "    rules:"]
    lines += [line for alert in ALERTS for line in _entry(_alert(alert))]
    return "\n".join(lines) + "\n"


def _recorded(record: Record) -> dict[str, object]:
    return {"record": record.name, "expr": record.query}


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.name,
        "expr": alert.query,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary, "action": alert.action, "runbook": alert.runbook},
    }


def _entry(entry: Mapping[str, object]) -> list[str]:
    lines = [line for key, value in entry.items() for line in _written(key, value)]
    return ["      - " + lines[0], *("        " + line for line in lines[1:])]


def _written(key: str, value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}:", *("  " + line for name, inner in value.items() for line in _written(name, inner))]
    line = f"{key}: {json.dumps(value, ensure_ascii=False)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"{key}: >-", *("  " + part for part in wrap(str(value), WIDTH, break_long_words=False))]

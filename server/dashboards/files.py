"""What is written for Prometheus and Grafana, and where."""

from __future__ import annotations

import json
from pathlib import Path

from server.dashboards.boards import BOARDS
from server.dashboards.names import Names
from server.dashboards.rules import rules, with_records
from server.every_metric import EveryMetric

RULES = Path("prometheus/rules.yml")
BOARDS_FOLDER = Path("grafana/dashboards")


def files() -> dict[Path, str]:
    """Path under deploy/ → text. Raises UnknownNameError for a name that the server does not have."""
    names = Names.of(EveryMetric.made().registry)
    known = with_records(names)
    boards = {BOARDS_FOLDER / f"{board.uid}.json": json.dumps(board.shown(known), indent=1) + "\n" for board in BOARDS}
    return {RULES: rules(names), **boards}

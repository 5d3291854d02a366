"""The routes as a table, for `docs/API.md`: `python -m control_api.document.route_table` writes it there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from control_api.access.limits import DEFAULT
from control_api.web.contract import Endpoint
from control_api.web.vocabulary import path_in

BEGIN, END = "<!-- routes -->\n", "<!-- /routes -->"
FILE = Path("docs/API.md")


def test_of(endpoint: Endpoint) -> str:
    """Where it is tested: beside the module of its handler."""
    return f"tests/control_api/test_{endpoint.handler.__module__.rpartition('.')[2]}.py"


def table(endpoints: Iterable[Endpoint]) -> str:
    """Markdown, a line for each thing that can be asked for."""
    lines = ["| route | also as | scope | limit | test |", "|---|---|---|---|---|"]
    for endpoint in endpoints:
        route, *others = [f"`{path_in(vocabulary, path)}`" for vocabulary, path in endpoint.places]
        also = others[0] if others else ""
        scope = f"`{endpoint.scope}`" if endpoint.scope is not None else "any key"
        test = test_of(endpoint)
        lines.append(
            f"| {endpoint.method} {route} | {also} | {scope} | {endpoint.limit or DEFAULT} | "
            f"[{test.rpartition('/')[2]}](../{test}) |"
        )
    return "\n".join(lines) + "\n"


def written(text: str, endpoints: Iterable[Endpoint]) -> str:
    """The page with today's table in it."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(endpoints) + END + after


if __name__ == "__main__":
    from control_api.app import ENDPOINTS

    FILE.write_text(written(FILE.read_text(), ENDPOINTS))

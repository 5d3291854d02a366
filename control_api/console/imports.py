"""Which modules a module brings along: fetched at once, and not one after the other as the browser finds them."""

from __future__ import annotations

import re

from control_api.console.files import IMPORTS, place

_IMPORT = re.compile(
    r"""(?:^|;)\s*(?:(?:import|export)\b[\w\s*{},$]*\bfrom|import)\s*["']([^"'\n]+)["']""", re.MULTILINE
)
"""Static ones. `import("./page.js")` is fetched when it comes to it."""


def brought(*names: str) -> list[str]:
    """These modules and all that they import, each once, in the order in which they are found. Reads files."""
    found = list(names)
    for name in found:
        path = place(name)
        if path is None or not path.is_file():
            continue
        found += [one for one in _imported(name, path.read_text()) if one not in found]
    return list(dict.fromkeys(found))


def _imported(name: str, source: str) -> list[str]:
    folder = name.split("/")[:-1]
    return [IMPORTS[what] if what in IMPORTS else _resolved(folder, what) for what in _IMPORT.findall(source)]


def _resolved(folder: list[str], what: str) -> str:
    """`../core/ui.js` of a module in `parts`."""
    parts = list(folder)
    for part in what.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)

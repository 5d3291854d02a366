"""The files of the console, read and compressed once, and again when they change on disk."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE = Path(__file__).parent
STATIC = HERE / "static"
MODULES = HERE / "node_modules"

LIBRARIES: Final = {
    "lib/preact.js": "preact/dist/preact.mjs",
    "lib/hooks.js": "preact/hooks/dist/hooks.mjs",
    "lib/signals.js": "@preact/signals/dist/signals.mjs",
    "lib/signals-core.js": "@preact/signals-core/dist/signals-core.mjs",
    "lib/htm.js": "htm/dist/htm.mjs",
    "lib/uplot.js": "uplot/dist/uPlot.iife.min.js",
    "lib/uplot.css": "uplot/dist/uPlot.min.css",
}
"""What is served of other people's: our name for it, and where npm puts it."""

IMPORTS: Final = {
    "preact": "lib/preact.js",
    "preact/hooks": "lib/hooks.js",
    "@preact/signals": "lib/signals.js",
    "@preact/signals-core": "lib/signals-core.js",
    "htm": "lib/htm.js",
}
"""What modules call them."""

KINDS: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
OURS = re.compile(r"([a-z0-9_]+/)*[a-z0-9_]+\.(js|css|svg)")
"""How a file of static/ is named. No name of this form leads out of its folder."""

_SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*\Z")


@dataclass(frozen=True, slots=True)
class File:
    """As it is sent."""

    content: bytes
    zipped: bytes
    kind: str
    etag: str

    @classmethod
    def of(cls, content: bytes, kind: str) -> File:
        etag = hashlib.sha256(content).hexdigest()[:20]
        return cls(content, gzip.compress(content, 9, mtime=0), kind, etag)


def place(name: str) -> Path | None:
    """Where the file of that name (`core/ui.js`, `lib/htm.js`) would lie; None if it is none of the console's."""
    if name in LIBRARIES:
        return MODULES / LIBRARIES[name]
    return STATIC / name if OURS.fullmatch(name) and not name.startswith("lib/") else None


def names() -> list[str]:
    """All that is served, whether npm has brought it or not."""
    found = [file.relative_to(STATIC).as_posix() for file in STATIC.rglob("*.*")]
    return [*LIBRARIES, *sorted(name for name in found if OURS.fullmatch(name))]


class Files:
    """What was read stays until the file on disk is another."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], File]] = {}

    def get(self, name: str) -> File | None:
        """Looks at the disk, so not on the event loop."""
        path = place(name)
        return None if path is None else self._at(path)

    def _at(self, path: Path) -> File | None:
        try:
            found = path.stat()
        except OSError:  # there is none, or no file system has such a name
            return None
        state = found.st_mtime_ns, found.st_size
        known = self._read.get(path)
        if known is None or known[0] != state:
            known = self._read[path] = state, _read(path)
        return known[1]


def _read(path: Path) -> File:
    """The maps of the libraries' sources are not served, so nothing is to ask for them."""
    return File.of(_SOURCE_MAP.sub(b"\n", path.read_bytes()), KINDS[path.suffix if path.suffix != ".mjs" else ".js"])

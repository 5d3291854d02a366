"""`/`: the console. `/console/…`: what it is made of. No key is needed: there is nothing of anybody's in it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from control_api.console.files import IMPORTS, LIBRARIES, MODULES, STATIC, File, Files, names
from control_api.console.imports import brought

FIRST = ("app.js", "pages/overview/overview.js")
"""Modules that are fetched with the page, with all that they import."""

MISSING = (
    "The console's modules are not installed: run `make setup`, or `npm ci --ignore-scripts` in control_api/console."
)

_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")
_OURS_IN_PAGE = re.compile(r'(?<==")/console/([\w./-]+)(?=")')
_ALIKE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}
"""Of every answer."""
_ASKED_AGAIN = "no-cache"
"""A browser asks whether it is still the same."""
_FOR_EVER = "public, max-age=31536000, immutable"
"""Of what has its own hash in its address: when it changes the page says another one. So nothing is fetched twice."""


def policy(host: str, imports: str) -> str:
    """Content-Security-Policy: our own files, the import map, and nothing else that is written into the page.

    `host` is whom the browser asked: not every browser takes 'self' to hold its websockets.
    """
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self'",
            f"connect-src 'self'{sockets}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


@dataclass(frozen=True, slots=True)
class Front:
    """The page, and the import map that is written into it."""

    file: File
    imports: str


class Console:
    """Its files are read when they are first asked for: a server that nobody looks at has nothing to prepare."""

    def __init__(self) -> None:
        self._files = Files()
        self._front: Front | None = None
        self._made_of: tuple[str, Mapping[str, str]] = "", {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self._page), web.get("/console/{name:.+}", self._file)]

    async def _page(self, request: web.Request) -> web.Response:
        front = await asyncio.to_thread(self._present)
        if front is None:
            return web.Response(status=503, text=f"{MISSING}\n", headers={**_ALIKE, "Cache-Control": "no-store"})
        answer = _sent(request, front.file, _ASKED_AGAIN)
        answer.headers["Content-Security-Policy"] = policy(request.host, front.imports)
        answer.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
        return answer

    async def _file(self, request: web.Request) -> web.Response:
        file = await asyncio.to_thread(self._files.get, request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return _sent(request, file, _FOR_EVER if request.query.get("v") == file.etag else _ASKED_AGAIN)

    def _present(self) -> Front | None:
        """As the files on disk are now; None without what npm brings."""
        if not all((MODULES / library).is_file() for library in LIBRARIES.values()):
            return None
        placed = {name: f"/console/{name}?v={file.etag}" for name in names() if (file := self._files.get(name))}
        page = (STATIC / "index.html").read_text()
        if self._front is None or self._made_of != (page, placed):
            self._made_of = page, placed
            self._front = _front(page, placed)
        return self._front


def _front(page: str, placed: Mapping[str, str]) -> Front:
    """`placed`: the address of each file, with the hash of its content, by its name."""
    bare = {bare: placed[name] for bare, name in IMPORTS.items()}
    modules = {f"/console/{name}": address for name, address in placed.items() if name.endswith(".js")}
    imports = json.dumps({"imports": bare | modules}, separators=(",", ":"))
    lines = [f'<script type="importmap">{imports}</script>']
    lines += [f'<link rel="modulepreload" href="{placed[name]}">' for name in brought(*FIRST) if name in placed]
    page = _OURS_IN_PAGE.sub(lambda found: placed.get(found[1], found[0]), page)
    return Front(File.of(page.replace("<!--import map-->", "\n".join(lines)).encode(), "text/html"), imports)


def _sent(request: web.Request, file: File, kept: str) -> web.Response:
    headers = {**_ALIKE, "ETag": f'W/"{file.etag}"', "Cache-Control": kept}
    if any(one.value in (file.etag, "*") for one in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Type"] = f"{file.kind}; charset=utf-8"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=file.zipped, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.content, headers=headers)

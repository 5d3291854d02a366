from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import re
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from control_api.console import files, pages
from control_api.console.files import LIBRARIES, MODULES, STATIC, Files, place
from control_api.console.imports import brought
from control_api.web.serving import answers

MOST = 100_000
"""Bytes of script that a page may fetch, all in all, as they go over the wire."""
PAGES = sorted(
    file.relative_to(STATIC).as_posix()
    for file in (STATIC / "pages").rglob("*.js")
    if "export default" in file.read_text()
)
IN_PAGE = re.compile(r"<script[^>]*>(.+?)</script>")
DYNAMIC = re.compile(r'import\("\.\/(pages/[\w/]+\.js)"\)')


def served(name: str) -> files.File:
    found = Files().get(name)
    assert found is not None, name
    return found


@pytest.fixture(name="url")
async def _url() -> AsyncIterator[str]:
    app = web.Application(middlewares=[answers])
    app.add_routes(pages.Console().routes())
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        yield http


async def test_the_page_lets_nothing_run_that_is_not_ours(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(url, headers={"Accept-Encoding": "identity"}) as answer:
        page, headers = await answer.text(), answer.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    host = url.removeprefix("http://")
    assert policy.pop("script-src") == f"'self' 'sha256-{digest(page)}'"
    assert policy.pop("connect-src") == f"'self' ws://{host} wss://{host}"
    assert policy.pop("default-src") == policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'"
    assert "unsafe" not in str(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Permissions-Policy"].startswith("microphone=(self)")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.findall(r"\son\w+=|\sstyle=", page) == []


def digest(page: str) -> str:
    (inline,) = IN_PAGE.findall(page)
    return base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()


async def test_a_host_that_is_none_stands_in_no_policy() -> None:
    assert "evil" not in pages.policy("a; script-src evil", "{}")
    assert "connect-src 'self' ws://[::1]:8080 " in pages.policy("[::1]:8080", "{}")


async def test_what_the_browser_has_is_not_sent_again(url: str, http: aiohttp.ClientSession) -> None:
    for path in ("/", "/console/app.js", "/console/lib/preact.js"):
        async with http.get(url + path) as answer:
            tag, zipped = answer.headers["ETag"], await answer.read()
            assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
            assert answer.headers["Content-Encoding"] == "gzip"
        async with http.get(url + path, headers={"Accept-Encoding": "identity"}) as answer:
            assert await answer.read() == gzip.decompress(zipped)
        async with http.get(url + path, headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
        async with http.head(url + path) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
            assert int(answer.headers["Content-Length"]) == len(zipped)


async def test_what_has_its_hash_in_its_address_is_kept_for_ever(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(url, headers={"Accept-Encoding": "identity"}) as answer:
        page = await answer.text()
    imports = json.loads(IN_PAGE.findall(page)[0])["imports"]
    assert imports["preact"] == imports["/console/lib/preact.js"]
    addresses = {
        *re.findall(r'(?:src|href)="(/console/[^"]+)"', page),
        imports["preact"],
        imports["/console/routes.js"],
    }
    assert len(addresses) > 20
    for address in addresses:
        async with http.get(url + address) as answer:
            assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True), address
    async with http.get(f"{url}/console/app.js?v=0") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/console/../pages.py",
        "/console/%2e%2e/pages.py",
        "/console/..%2fpages.py",
        "/console/static/../../pages.py",
        "/console/lib/../../../app.py",
        "/console//etc/passwd",
        "/console/lib/preact.js.map",
        "/console/index.html",
        "/console/core",
        "/console/core/",
        "/console/App.js",
        "/console/nothing.js",
        f"/console/{'a' * 300}.js",
    ],
)
async def test_nothing_else_is_served(url: str, path: str) -> None:
    status, body = await asyncio.to_thread(_raw, url, path)
    assert status in (400, 404)
    assert b"import" not in body


def _raw(url: str, path: str) -> tuple[int, bytes]:
    """As it is written: a proper client would straighten it."""
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def test_without_the_modules_it_is_said_what_to_run(
    url: str, http: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MODULES", tmp_path)
    async with http.get(url, headers={"Accept-Encoding": "identity"}) as answer:
        assert (answer.status, await answer.text()) == (503, f"{pages.MISSING}\n")
    monkeypatch.undo()
    async with http.get(url) as answer:
        assert answer.status == 200


def test_a_file_that_changed_on_disk_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "STATIC", tmp_path)
    shelf = Files()
    assert shelf.get("app.js") is None
    (tmp_path / "app.js").write_text("one()")
    first = shelf.get("app.js")
    assert first is not None
    assert shelf.get("app.js") is first
    (tmp_path / "app.js").write_text("another()")
    second = shelf.get("app.js")
    assert second is not None
    assert (second.content, second.etag != first.etag) == (b"another()", True)


def test_every_module_that_is_imported_is_there() -> None:
    for module in ["app.js", *PAGES]:
        for name in brought(module):
            path = place(name)
            assert path is not None, (module, name)
            assert path.is_file(), (module, name)


def test_every_route_leads_to_a_page() -> None:
    loaded = set(DYNAMIC.findall((STATIC / "routes.js").read_text()))
    assert loaded >= {"pages/overview/overview.js", "pages/live/live.js", "pages/live/live_call.js"}
    assert loaded <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fetches_little(page: str) -> None:
    """The shell, the page, what both import, and uPlot where there is a chart: compressed, as browsers fetch it."""
    names = brought("app.js", page)
    if "parts/chart.js" in names:
        names.append("lib/uplot.js")
    sizes = {name: len(served(name).zipped) for name in ["early_theme.js", *names]}
    assert sum(sizes.values()) <= MOST, sizes


def test_the_lock_file_names_no_registry() -> None:
    lock = (MODULES.parent / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert lock.count('"integrity": "sha512-') == 5


def test_every_library_is_there_and_asks_for_no_source_map() -> None:
    for name in LIBRARIES:
        assert b"sourceMappingURL" not in served(name).content

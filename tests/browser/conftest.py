"""A running server, and a browser that is signed in to its console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import DESK, Listener, chromium
from tests.e2e.cluster import server
from tests.storage.samples import TOKEN

SESSION = pytest.mark.asyncio(loop_scope="session")
expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all of them: the server and the browser are started once."""
    for item in items:
        if Path(__file__).parent in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(SESSION, append=False)


@dataclass
class House:
    """A server in a process of its own, with an empty SQLite database, no rate limits, and simulated people."""

    url: str
    data: Path
    http: aiohttp.ClientSession = field(repr=False)
    key: str = field(default=TOKEN, repr=False)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Under /api/voice. Fails the test if it is refused."""
        async with self.http.request(method, f"{self.url}/api/voice{path}", json=body) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else await answer.read()

    async def get(self, path: str) -> Any:
        return await self.ask("GET", path)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self.ask("POST", path, body)


@pytest_asyncio.fixture(loop_scope="session", scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    data = tmp_path_factory.mktemp("house") / "data"
    variables = {
        "VAANI_BOOTSTRAP_API_KEY": TOKEN,
        "VAANI_RATE_LIMITS": "off",
        "VAANI_ALLOW_PRIVATE_WEBHOOKS": "true",
        "VAANI_SIMULATOR_SPEED": "20",
    }
    async with (
        server(data, "serve", **variables) as (_, url),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
    ):
        yield House(url, data, http)


@pytest_asyncio.fixture(loop_scope="session", scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def listener() -> Listener:
    return Listener()


@pytest_asyncio.fixture(loop_scope="session")
async def page(house: House, browser: Browser, listener: Listener) -> AsyncIterator[Page]:
    """Signed in, at the overview. What goes wrong in it, or is warned of, fails the test."""
    width, height = DESK
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = await context.new_page()
    listener.listen(page)
    await page.goto(f"{house.url}/#key={house.key}")
    await expect(page.get_by_role("main")).to_be_visible()
    yield page
    await context.close()
    assert listener.unforgiven == []

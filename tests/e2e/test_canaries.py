"""No token, phone number, name or word that came in by any route stands in a log line, a metric or an error."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from control_api.web.asked import Services
from server import wiring
from server.control import services
from tests.control_api.api import Api
from tests.control_api.canaries import PHONE, WORD, WRONG, ask_everything, found_in
from tests.control_api.everything import NEAR, one_of_everything
from tests.server.serving import serving
from tests.storage.samples import TOKEN


@asynccontextmanager
async def near(*given: Any) -> AsyncIterator[Services]:
    """The server's own, but for providers, of which none is asked."""
    async with services(*given) as shared:
        yield replace(shared, places=NEAR)


async def test_nothing_that_comes_in_is_logged_or_counted(
    data: Path, no_models: None, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.get_running_loop().set_debug(False)  # a thousand requests
    monkeypatch.setattr(wiring, "services", near)
    async with serving(data, rate_limits="off") as house:
        kept: Any = SimpleNamespace(data=house.settings.data_dir)
        api = Api(house.server.url, house.http, house.database, kept)
        async with house.database.read() as work:
            first = await work.organisations.first()
        assert first is not None
        ids = await one_of_everything(api, first.id, WORD)
        answers = await ask_everything(api, ids) + await ask_everything(replace(api, token=WRONG), ids)
        async with house.http.ws_connect(f"{house.server.url}/ws/live/{WORD}?token={WRONG}") as live:
            async for _ in live:
                pass
        _, metrics = await house.get("/metrics")
    statuses = {answer.status for _, answer in answers}
    assert {200, 201, 204, 400, 401, 404} <= statuses
    assert statuses.isdisjoint({403, 429, 500, 503})
    errors = "\n".join(f"{name} {answer.body}" for name, answer in answers if answer.status >= 400)
    assert found_in(errors, (PHONE, TOKEN, WRONG)) == []
    assert "request answered" in written.getvalue()
    assert found_in(written.getvalue()) == []
    assert found_in(metrics) == []


async def test_a_page_sends_no_referrer(data: Path, no_models: None) -> None:
    async with serving(data) as house, house.http.get(f"{house.server.url}/docs?token={TOKEN}") as page:
        assert page.status == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert TOKEN not in await page.text()

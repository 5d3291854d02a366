"""No token, phone number, name or word that came in by any route stands in a log line, a metric or an error."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from control_api.app import ENDPOINTS
from storage.keys import new_token
from tests.control_api.test_isolation import BODIES, UPLOADS, form
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN

PHONE = "5550144077"
WORD = "canaryword"
WRONG = new_token()
MARKS = (PHONE, WORD, TOKEN, WRONG)
"""What must be found nowhere."""


def poisoned(value: object) -> object:
    """A body with a mark in every text and key that a client may choose."""
    match value:
        case dict():
            return {key: poisoned(item) for key, item in value.items()}
        case list():
            return [poisoned(item) for item in value]
        case str() if value.startswith("+"):
            return f"+1{PHONE}"
        case str():
            return f"{WORD} {value}"
    return value


async def ask_everything(house: Serving, token: str) -> str:
    """Every route, with marks in path, query, body and headers. All the answers to what was refused."""
    answered = []
    for endpoint in ENDPOINTS:
        for _, place in endpoint.places:
            path = place.format(**dict.fromkeys(endpoint.path_names, f"{WORD}{PHONE}"))
            uploads = UPLOADS.get(endpoint.name)
            good = BODIES.get(endpoint.name)
            bodies = [{"json": body} for body in (good, poisoned(good), {WORD: PHONE})]
            for body in [{"data": form(**uploads)}] if uploads else bodies:
                headers = {"Authorization": f"Bearer {token}", "Referer": f"https://{WORD}.example/{PHONE}"}
                for query in ("", f"?token={TOKEN}&{WORD}={PHONE}", f"?search=%2B1{PHONE}"):
                    url = f"{house.server.url}{path}{query}"
                    async with house.http.request(endpoint.method, url, headers=headers, **body) as answer:
                        if answer.status >= 500:
                            answered.append(await answer.text())
    return "".join(answered)


@pytest.mark.timeout(120)
async def test_nothing_that_comes_in_is_logged_or_counted(data: Path, written: io.StringIO, no_models: None) -> None:
    async with serving(data, rate_limits="off") as house:
        faults = await ask_everything(house, TOKEN)
        await ask_everything(house, WRONG)
        async with house.http.ws_connect(f"{house.server.url}/ws/live/{WORD}?token={WRONG}") as live:
            async for _ in live:
                pass
        _, metrics = await house.get("/metrics")
    assert "request answered" in written.getvalue()
    assert faults == ""
    for text in (written.getvalue(), metrics):
        found = [mark for mark in MARKS if mark in text]
        assert found == [], next(line for line in text.splitlines() if found[0] in line)[:500]

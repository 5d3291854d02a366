"""Pipecat's own browser client, from npm, speaks with this server: SmallWebRTC's offers and RTVI's messages."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from pipeline.audio import resample, silence
from storage.database import Database
from storage.records import CallStatus, CallType, Flow, Outcome
from tests.browser.chromium import Listener, chromium, needed
from tests.browser.conftest import House
from tests.patience import until
from tests.server.house import scripted
from tests.speech import RATE, prompt
from tests.storage.samples import a_flow, an_agent, url

CLIENT = Path(__file__).parent / "pipecat"
QUESTION = "pls-hold-while-try"
MICROPHONE_RATE = 48000
PLAN = {
    **scripted(greeting="", says=["Certainly. We are open until six."]),
    "vad": {"kind": "neural"},
    "stt": {"provider": "embedded", "options": {}},
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's script, in one piece."""
    found = next(CLIENT.glob("node_modules/@esbuild/*/bin/esbuild"), None)
    needed(found, "tests/browser/npm.sh")
    out = tmp_path_factory.mktemp("pipecat") / "page.js"
    command = [str(found), "page.js", "--bundle", "--format=esm", "--log-level=warning", f"--outfile={out}"]
    subprocess.run(command, cwd=CLIENT, check=True, timeout=60)
    return out.read_text()


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    sound = silence(2.0, RATE) + prompt(QUESTION).pcm() + silence(40.0, RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", ""))
        file.writeframes(resample(sound, RATE, MICROPHONE_RATE))
    return path


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def database(house: House) -> AsyncIterator[Database]:
    async with Database(url(house.data / "vaani.db")) as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def flow(database: Database) -> Flow:
    async with database.begin() as work:
        organisation = await work.organisations.first()
    assert organisation is not None
    agent = an_agent(organisation.id, config=PLAN)
    flow = a_flow(organisation.id, agent_id=agent.id, name="Pipecat")
    async with database.begin(organisation.id) as work:
        await work.agents.add(agent)
        await work.flows.add(flow)
    return flow


async def heard(page: Page, *kinds: str) -> list[dict[str, Any]]:
    """All that the client was told, once it was told of each of these kinds."""
    found = "kinds => kinds.every(kind => window.heard.some(one => one.kind === kind))"
    await page.wait_for_function(found, arg=list(kinds), timeout=15_000)
    told: list[dict[str, Any]] = await page.evaluate("window.heard")
    return told


def data(told: list[dict[str, Any]], kind: str) -> list[Any]:
    return [one["data"] for one in told if one["kind"] == kind]


def started(told: list[dict[str, Any]]) -> str:
    """The call's id."""
    call: str = next(one for one in data(told, "server-message") if one["type"] == "start")["call_uuid"]
    return call


async def opened(page: Page, house: House, program: str) -> None:
    """Beside the server's own pages, so that it is of their origin."""
    where = f"{house.url}/pipecat.html"
    await page.route(
        f"{house.url}/pipecat.js", lambda route: route.fulfill(content_type="text/javascript", body=program)
    )
    await page.route(
        where,
        lambda route: route.fulfill(content_type="text/html", body="<script type=module src=/pipecat.js></script>"),
    )
    await page.goto(where)
    await page.wait_for_function("'begin' in window")


async def test_it_connects_hears_is_heard_and_leaves_and_its_session_ends_when_the_server_says_so(
    house: House, database: Database, flow: Flow, microphone: Path, program: str
) -> None:
    listener = Listener(forgiven=["favicon"])
    async with chromium(microphone) as browser:
        page = await browser.new_page()
        listener.listen(page)
        await opened(page, house, program)
        ready = await page.evaluate("args => window.begin(...args)", [house.url, house.key, flow.id, False])
        assert ready["version"] == "2.2.0"
        told = await heard(page, "user-transcript", "bot-output", "bot-stopped-speaking", "metrics")
        assert "audio" in data(told, "track-started")
        assert "hold" in data(told, "user-transcript")[-1]["text"].lower()
        assert data(told, "user-transcript")[-1]["final"]
        assert " ".join(one["text"] for one in data(told, "bot-output")) == "Certainly. We are open until six."
        assert {one["processor"] for one in data(told, "metrics")[0]["ttfb"]} == {"stt", "llm", "tts"}
        assert data(told, "error") == []
        await page.evaluate("window.client.sendClientMessage('get-vars', {})")
        await page.evaluate("window.client.sendText('And on Sunday?')")
        typed = "window.heard.some(one => one.kind === 'user-transcript' && one.data.text === 'And on Sunday?')"
        await page.wait_for_function(typed)
        call = started(told)
        await page.evaluate("window.client.disconnect()")
        await heard(page, "disconnected")

        await opened(page, house, program)
        await page.evaluate("args => window.begin(...args)", [house.url, house.key, flow.id, True])
        other = started(await heard(page, "server-message"))
        assert other != call
        await house.post(f"/calls/{other}/end", {})
        await heard(page, "bot-disconnected")
    assert listener.unforgiven == []
    await ended(database, call)
    async with database.read() as work:
        row = await work.calls.get(call)
        turns = await work.calls.turns(call)
    assert row is not None
    assert (row.call_type, row.carrier, row.outcome) == (CallType.BROWSER, "webrtc", Outcome.CONNECTED)
    assert [turn.text for turn in turns if turn.speaker == "customer"][-1] == "And on Sunday?"


async def ended(database: Database, call: str) -> None:
    async def over() -> bool:
        async with database.read() as work:
            row = await work.calls.get(call)
        return row is not None and row.status is CallStatus.ENDED

    await until(over)

"""A whole spoken conversation from the page: recorded people speak into Chromium's microphone, and interrupt."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from pipeline.audio import level, resample, silence
from storage.database import Database
from storage.records import CallStatus, CallType, Flow, FlowKind, FlowStatus, Outcome
from tests.browser.chromium import DESK, PHONE, Listener, chromium, overflows, violations
from tests.browser.conftest import House
from tests.server.house import scripted
from tests.speech import RATE, prompt
from tests.storage.samples import a_flow, an_agent, url

QUESTION, OBJECTION = "pls-hold-while-try", "please-try-call-later"
PLAN = {
    **scripted(
        greeting="",
        says=[
            "Let me tell you the whole of our story, from the first day to this very one, and leave nothing out.",
            "Yes.",
        ],
    ),
    "vad": {"kind": "neural"},
    "stt": {"provider": "embedded", "options": {}},
    "tts": {"provider": "embedded", "options": {}},
}
MICROPHONE_RATE = 48000
LEAD_SECONDS = 2.5
"""In which the call is connected."""
ANSWER_SECONDS = 3.5
"""From the question to the objection: the agent is in the middle of its answer."""

ONLY_BY_RELAY = """void (window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(asked) { super({...asked, iceTransportPolicy: "relay"}); }
})"""
"""There is none: as on a network that lets no UDP out."""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A question, and while it is being answered an objection."""
    sound = (
        silence(LEAD_SECONDS, RATE) + prompt(QUESTION).pcm() + silence(ANSWER_SECONDS, RATE) + prompt(OBJECTION).pcm()
    )
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", ""))
        file.writeframes(resample(sound + silence(30.0, RATE), RATE, MICROPHONE_RATE))
    return path


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def database(house: House) -> AsyncIterator[Database]:
    async with Database(url(house.data / "vaani.db")) as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def flow(database: Database) -> Flow:
    """A campaign that was not launched."""
    async with database.begin() as work:
        organisation = await work.organisations.first()
    assert organisation is not None
    agent = an_agent(organisation.id, config=PLAN)
    flow = a_flow(organisation.id, agent_id=agent.id, name="Spring", kind=FlowKind.OUTBOUND, status=FlowStatus.DRAFT)
    async with database.begin(organisation.id) as work:
        await work.agents.add(agent)
        await work.flows.add(flow)
    return flow


@pytest.mark.parametrize("transport", ["webrtc", "pcm"])
async def test_a_flow_is_spoken_with_and_interrupted(
    house: House, database: Database, flow: Flow, microphone: Path, transport: str
) -> None:
    listener = Listener()
    async with chromium(microphone) as browser:
        page = await browser.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        listener.listen(page)
        await page.goto(f"{house.url}/#key={house.key}")
        await expect(page.get_by_role("main")).to_be_visible()
        await page.goto(f"{house.url}/#/flows/{flow.id}/try")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Try Spring")
        call = await spoken(page, transport)
        assert await violations(page) == []
    assert listener.unforgiven == []

    async with database.read() as work:
        row = await work.calls.get(call)
        turns = await work.calls.turns(call)
    assert row is not None
    assert (row.call_type, row.status, row.outcome) == (CallType.BROWSER, CallStatus.ENDED, Outcome.CONNECTED)
    assert (row.flow_id, row.carrier) == (flow.id, "browser" if transport == "pcm" else "webrtc")
    assert turns[0].speaker == "customer"
    assert turns[1].interrupted
    assert row.recording is not None
    with wave.open(str(house.data / row.recording)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    for side in (0, 1):
        assert level(both[:, side].tobytes()) > -50


async def spoken(page: Page, transport: str) -> str:
    """The conversation, up to its end; the call's id."""
    await page.get_by_text("Options").click()
    await page.get_by_label("Connection").select_option(transport)
    await page.get_by_role("button", name="Start the call").click()
    words = page.get_by_role("list", name="Transcript")
    await expect(page.locator(".try-now")).to_have_text("On the line")
    await expect(words.locator(".line.customer:not(.partial)").first).to_contain_text("connect")
    await expect(words.locator(".waterfall").first).to_be_visible()
    await expect(words.locator(".line.agent.partial")).to_contain_text("story")
    await expect(words.locator(".line.agent").first).to_contain_text("you interrupted")
    await expect(words.locator(".line.customer:not(.partial)").nth(1)).to_contain_text("later")
    await expect(words.locator(".line.agent").last).to_contain_text("Yes.")
    await page.get_by_text("Keypad").click()
    await page.get_by_role("button", name="5", exact=True).click()
    await expect(words).to_contain_text("You pressed 5")
    await page.get_by_role("button", name="Hang up").click()
    await expect(page.locator(".try-now")).to_have_text("The call is over")
    link = await page.get_by_role("link", name="Open the call's page").get_attribute("href")
    assert link is not None
    return link.rpartition("/")[2]


async def test_where_webrtc_finds_no_way_the_socket_carries_the_call(page: Page, house: House, flow: Flow) -> None:
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.evaluate(ONLY_BY_RELAY)
    await page.goto(f"{house.url}/#/flows/{flow.id}/try")
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.locator(".try-state")).to_contain_text("By WebSocket", timeout=20_000)
    assert not await overflows(page)
    await page.get_by_role("button", name="Hang up").click()
    await expect(page.locator(".try-now")).to_have_text("The call is over")


async def test_a_microphone_that_is_refused_is_explained(page: Page, house: House, flow: Flow) -> None:
    await page.evaluate(
        "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); })"
    )
    await page.goto(f"{house.url}/#/flows/{flow.id}/try")
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.get_by_role("alert")).to_contain_text("The browser refused the microphone.")
    await expect(page.get_by_role("button", name="Call again")).to_be_enabled()

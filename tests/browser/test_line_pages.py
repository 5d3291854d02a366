"""The pages of queues, numbers, integrations, voices and scripts."""

from __future__ import annotations

import base64
import io
import re
import wave

from playwright.async_api import FilePayload, Page, expect

from tests.browser.chromium import PHONE, Listener, overflows, violations
from tests.browser.conftest import House
from tests.control_api.uploads import wav

REFUSED = "status of 400"
"""What the browser says of a request that the server refused, as it was meant to."""
IN_THE_WAY = "status of 409"
RATE = 16_000

RECORD = """async () => {
  const { Recorder } = await import("/console/parts/recorder.js");
  let recorder, heard;
  const enough = new Promise((resolve) => { heard = (seconds, level) => seconds >= 0.3 && level > 0 && resolve(); });
  recorder = await Recorder.start(heard);
  await enough;
  const bytes = new Uint8Array(await (await recorder.stop()).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}"""


async def seen(page: Page, house: House, path: str, heading: str) -> None:
    """Opened, and neither inaccessible nor wider than a phone."""
    await page.goto(f"{house.url}/#{path}")
    await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    await expect(page.get_by_role("main").get_by_role("status", name="Loading")).to_have_count(0)
    assert await violations(page) == []
    size = page.viewport_size
    assert size is not None
    width, height = PHONE
    await page.set_viewport_size({"width": width, "height": height})
    assert not await overflows(page), path
    await page.set_viewport_size(size)


async def test_a_queue_is_made_and_shows_who_is_free(house: House, page: Page, listener: Listener) -> None:
    listener.forgiven.append(REFUSED)
    await seen(page, house, "/queues", "Queues")
    await page.get_by_role("button", name="New queue").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("line_team")
    await form.get_by_label("Always open").uncheck()
    await form.get_by_label("From").fill("00:00")
    await form.get_by_label("Until").fill("00:00")
    await form.get_by_role("button", name="Create queue").click()
    await expect(form.get_by_text("end must differ from start")).to_be_visible()
    await form.get_by_label("Always open").check()
    assert await violations(page) == []
    await form.get_by_role("button", name="Create queue").click()
    await expect(page.get_by_role("heading", name="line_team")).to_be_visible()

    await page.get_by_role("button", name="Add member").click()
    await form.get_by_label("Name").fill("Asha")
    await form.get_by_label("Phone").fill("12")
    await form.get_by_role("button", name="Add member").click()
    await expect(form.get_by_label("Phone")).to_have_accessible_description(re.compile("E.164"))
    await form.get_by_label("Phone").fill("+91 98123 45678")
    await form.get_by_role("button", name="Add member").click()
    member = page.get_by_role("row", name="Asha")
    await expect(member.get_by_text("Free")).to_be_visible()
    await expect(page.get_by_text("1 free")).to_be_visible()

    await member.get_by_role("button", name="Actions for Asha").click()
    await page.get_by_role("menuitem", name="Switch off").click()
    await expect(member.get_by_text("Off", exact=True)).to_be_visible()
    await expect(page.get_by_text("Nobody free")).to_be_visible()
    await seen(page, house, page.url.partition("#")[2], "line_team")
    await page.get_by_role("button", name="Delete queue").click()
    await form.get_by_role("button", name="Delete queue").click()
    await expect(page.get_by_role("heading", name="Queues", level=1)).to_be_visible()
    assert "line_team" not in [queue["name"] for queue in (await house.get("/queues"))["queues"]]


async def test_a_number_is_added_and_given_to_an_inbound_flow(house: House, page: Page) -> None:
    agent = await house.post("/agents", {"name": "Line agent", "role": "Reception"})
    about = {"kind": "inbound", "name": "Line reception", "provider": "nextneural", "voice_agent_id": agent["uuid"]}
    flow = await house.post("/flows", about)
    await seen(page, house, "/numbers", "Numbers")
    await page.get_by_role("button", name="Add number").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Number").fill("+91 80470 00042")
    await form.get_by_label("Carrier").select_option("Simulated network")
    await form.get_by_label("Answered by").select_option("Line reception")
    assert await violations(page) == []
    await form.get_by_role("button", name="Add number").click()
    row = page.get_by_role("row", name="+91 80470 00042")
    await expect(row.get_by_role("link", name="Line reception")).to_be_visible()
    assert (await house.get(f"/flows/{flow['uuid']}"))["phone_number"] == "+918047000042"


async def test_an_account_is_connected_checked_and_disconnected(house: House, page: Page, listener: Listener) -> None:
    listener.forgiven.append(REFUSED)
    await seen(page, house, "/integrations", "Integrations")
    await page.get_by_role("link", name="OpenAI").click()
    await page.get_by_label("API key").fill("sk-line-0123456789")
    await page.get_by_label("Base URL").fill("ftp://nowhere")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_text("base_url is wrong", exact=False)).to_be_visible()
    await page.get_by_label("Base URL").fill(f"{house.url}/nothing")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_text("••••6789")).to_be_visible()
    await expect(page.get_by_text("openai does not know the account")).to_be_visible()
    await expect(page.get_by_role("heading", name="Saved account")).to_be_visible()
    await expect(page.get_by_role("heading", name="Connected account")).to_have_count(0)
    await page.get_by_role("button", name="Disconnect").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_role("heading", name="Saved account")).to_have_count(0)
    assert (await house.get("/integrations/voice/openai"))["is_connected"] is False


async def test_what_exotel_is_to_be_given_can_be_copied(house: House, page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await seen(page, house, "/integrations/telephony/exotel", "Exotel")
    await page.get_by_role("listitem").filter(has_text="Passthru applet").get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert (
        await page.evaluate("navigator.clipboard.readText()")
        == ((await house.get("/integrations/telephony/exotel"))["passthru_url"])
    )


async def test_a_voice_is_made_and_its_owner_agrees(house: House, page: Page, listener: Listener) -> None:
    listener.forgiven += [REFUSED, IN_THE_WAY]
    await seen(page, house, "/voices", "Voices")
    await page.get_by_role("tab", name="Your own voices").click()
    await page.get_by_role("button", name="New voice").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("line-voice")
    await form.get_by_label("Language").fill("en-IN")
    await form.get_by_role("button", name="Make voice").click()
    await expect(form.get_by_text("Reference recording is required", exact=False)).to_be_visible()
    await form.get_by_label("Reference recording").first.set_input_files(a_file(2))
    await form.get_by_role("button", name="Make voice").click()
    await expect(form.get_by_text("reference_audio must last 10 to 60 seconds")).to_be_visible()
    assert await violations(page) == []
    await form.get_by_label("Reference recording").first.set_input_files(a_file(11))
    await form.get_by_role("button", name="Make voice").click()
    await expect(page.get_by_role("heading", name="line-voice")).to_be_visible()

    await page.get_by_role("button", name="Deploy").click()
    await expect(page.get_by_text("The owner of this voice has not agreed yet", exact=False)).to_be_visible()
    await page.get_by_role("button", name="Record consent").click()
    await form.get_by_label("Owner of the voice").fill("Aria Shah")
    await form.get_by_role("button", name="Record consent").click()
    await expect(page.get_by_text("Aria Shah, recorded", exact=False)).to_be_visible()
    await page.get_by_role("button", name="Deploy").click()
    await expect(page.get_by_text("No engine can make this voice", exact=False)).to_be_visible()
    await page.get_by_label("What is said").fill("The shop opens at nine.")
    await page.get_by_label("Recording of the sentence").first.set_input_files(a_file(6))
    await page.get_by_role("button", name="Add sentence").click()
    await expect(page.get_by_text("Collecting")).to_be_visible()
    await page.get_by_role("button", name="Reference recording").click()
    await expect(page.locator("audio")).to_have_js_property("error", None)
    await seen(page, house, "/voices/line-voice", "line-voice")
    await page.goto(f"{house.url}/#/voices?language=en-IN")
    await expect(page.get_by_role("button", name="Listen to Automatic, English (en-IN)")).to_be_visible()


async def test_what_the_microphone_hears_becomes_a_file_that_the_server_takes(page: Page) -> None:
    with wave.open(io.BytesIO(base64.b64decode(await page.evaluate(RECORD)))) as file:
        about = file.getnchannels(), file.getsampwidth(), file.getframerate()
        assert about == (1, 2, 48_000)
        assert file.getnframes() >= 0.3 * 48_000
        assert any(file.readframes(file.getnframes()))


async def test_a_script_is_written_and_deleted(house: House, page: Page) -> None:
    await seen(page, house, "/scripts", "Scripts")
    await page.get_by_role("button", name="New script").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("Line opening")
    await form.get_by_label("Content").fill("Hello {{customer_name}}.")
    await form.get_by_role("button", name="Create script").click()
    await page.get_by_role("button", name="Line opening", exact=True).click()
    await expect(form.get_by_label("Content")).to_have_value("Hello {{customer_name}}.")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Actions for Line opening").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await form.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("row", name="Line opening")).to_have_count(0)


def a_file(seconds: int) -> FilePayload:
    return {"name": "speech.wav", "mimeType": "audio/wav", "buffer": wav(seconds, rate=RATE)}

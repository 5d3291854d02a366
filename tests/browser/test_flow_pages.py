"""The pages of agents and flows."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.async_api import FilePayload, Locator, Page, expect

from server.campaign_people import where_it_is_noon
from tests.browser.chromium import PHONE, Listener, overflows, violations
from tests.browser.conftest import House

REFUSED = "status of 400"
"""What the browser says of a request that the server refused, as it was meant to."""


async def sound_and_narrow(page: Page) -> None:
    """Neither inaccessible, nor wider than a phone, nor with a word that stands in no list of strings."""
    await expect(page.get_by_role("main").get_by_role("status", name="Loading")).to_have_count(0)
    assert await violations(page) == []
    assert not re.findall(r"\b(?:agents|flows|common)\.[a-z_.]+", await page.get_by_role("main").inner_text())
    size = page.viewport_size
    assert size is not None
    width, height = PHONE
    await page.set_viewport_size({"width": width, "height": height})
    assert not await overflows(page), page.url
    await page.set_viewport_size(size)


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, level=1)


async def pick(page: Page, name: str) -> None:
    """From the menu of what else can be done."""
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name=name).click()


async def test_an_agent_is_made_heard_copied_and_deleted(house: House, page: Page, listener: Listener) -> None:
    listener.forgiven.append(REFUSED)
    await page.goto(f"{house.url}/#/agents/new")
    await page.get_by_role("button", name="Create agent").click()
    await expect(page.get_by_text("Name is required")).to_be_visible()
    await page.get_by_label("Name").fill("Asha Rao")
    await page.get_by_label("Role").fill("Reminders")
    await page.get_by_label("Greeting").fill("Hello {{name|there}}.")
    rest = page.get_by_label("Rest of the call plan")
    await rest.fill("{")
    await page.get_by_role("button", name="Create agent").click()
    await expect(page.get_by_text("This is not valid JSON")).to_be_visible()
    await rest.fill('{"vad": {"kind": "ear"}}')
    await page.get_by_role("button", name="Create agent").click()
    await expect(rest).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("config.vad.kind")).to_be_visible()
    await rest.fill("{}")
    await page.get_by_label("Assistant overrides").fill('{"modelOutputInMessagesEnabled": true}')
    await page.get_by_role("button", name="Create agent").click()
    await expect(heading(page, "Asha Rao")).to_be_visible()
    await expect(page.get_by_role("note")).to_contain_text("modelOutputInMessagesEnabled")
    await sound_and_narrow(page)

    await page.get_by_role("button", name="Listen").click()
    sound = page.get_by_label("A sample of this voice")
    await expect(sound).to_have_js_property("error", None)
    await sound.evaluate("sound => sound.readyState > 0 || new Promise((heard) => { sound.onloadedmetadata = heard; })")
    assert await sound.evaluate("sound => sound.duration") > 0.2
    await page.get_by_label("Provider").first.select_option("embedded")
    await page.get_by_label("Voice", exact=True).select_option("espeak+f2")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Asha Rao was saved")).to_be_visible()
    made = (await house.get("/agents"))[-1]
    assert made["config"]["tts"] == {"provider": "embedded", "options": {"voice": "espeak+f2"}}
    assert made["config"]["greeting"] == "Hello {{name|there}}."

    await page.get_by_role("link", name="Duplicate").click()
    await expect(page.get_by_label("Name")).to_have_value("Asha Rao (copy)")
    await page.goto(f"{house.url}/#/agents?search=asha")
    await page.get_by_role("link", name="Asha Rao").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(heading(page, "Agents")).to_be_visible()
    await expect(page.get_by_role("link", name="Asha Rao")).to_have_count(0)


async def test_a_campaign_takes_its_six_steps_and_is_watched_to_its_end(house: House, page: Page) -> None:
    zone = where_it_is_noon(datetime.now(UTC))
    agent = await house.post("/agents", {"name": "Caller", "role": "Orders", "config": {"greeting": "Hello {{name}}."}})
    people = ["name,phone,timezone", f"Ana,+12135560002,{zone}", f"Ben,+12135560003,{zone}", f"Eve,12,{zone}"]
    await page.goto(f"{house.url}/#/flows")
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_label("Name").press("Enter")
    await expect(page.get_by_text("Name is required")).to_be_visible()
    await page.get_by_label("Name").fill("Orders of June")
    await page.get_by_label("Name").press("Enter")
    await expect(page.get_by_role("heading", name="Step 2 of 6: Select Agent")).to_be_focused()
    await page.get_by_role("radio", name="Caller").check()
    await page.reload()
    await expect(page.get_by_role("radio", name="Caller")).to_be_checked()
    await sound_and_narrow(page)
    await page.get_by_role("button", name="Next").click()
    await page.get_by_role("radio", name="Upload new contacts").check()
    file = FilePayload(name="people.csv", mimeType="text/csv", buffer="\n".join(people).encode())
    await page.get_by_label("File", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="invalid phone format")).to_be_visible()
    await page.get_by_role("button", name="Go on with those who were taken").click()
    await expect(page.get_by_label("Contact list", exact=True)).to_contain_text("Orders of June (2 people)")
    await sound_and_narrow(page)
    await page.get_by_role("button", name="Next").click()
    await expect(page.get_by_role("heading", name="Select Phone Numbers")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("Contact list", exact=True)).not_to_have_value("")
    await page.get_by_role("button", name="Next").click()
    await page.get_by_role("button", name="Next").click()
    await page.get_by_label("Retry attempts").fill("11")
    await page.get_by_role("button", name="Review and Launch", exact=True).click()
    await expect(page.get_by_text("Enter a whole number, 0 to 10")).to_be_visible()
    await page.get_by_label("Retry attempts").fill("0")
    await sound_and_narrow(page)
    await page.get_by_role("button", name="Review and Launch", exact=True).click()
    await expect(page.get_by_text("Hello Ana.")).to_be_visible()
    await sound_and_narrow(page)
    flow = re.search(r"flw_\w+", page.url)
    assert flow is not None

    await page.get_by_role("button", name="Start now").click()
    await page.get_by_role("dialog").get_by_role("button", name="Launch").click()
    progress = page.get_by_role("progressbar", name="Progress")
    await expect(progress).to_have_attribute("aria-valuenow", "100", timeout=20_000)
    await expect(page.get_by_text("Completed", exact=True)).to_be_visible()
    await sound_and_narrow(page)
    await page.get_by_role("tab", name="Contacts").click()
    await page.get_by_role("button", name="+12135560003").click()
    history = page.get_by_role("table", name="Attempts with this contact")
    await expect(history.get_by_role("row")).to_have_count(2)
    await expect(history).to_contain_text("Busy")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Attempts as CSV").click()
    assert (await (await download.value).path()).read_text().count("+121355600") == 2
    await page.get_by_role("link", name="Analytics").click()
    await expect(page.get_by_role("listitem").filter(has_text="Busy").first).to_contain_text("50%")
    await sound_and_narrow(page)
    await house.ask("DELETE", f"/flows/{flow[0]}")
    await house.ask("DELETE", f"/agents/{agent['uuid']}")


async def test_an_inbound_line_is_opened_closed_and_deleted(house: House, page: Page) -> None:
    await page.goto(f"{house.url}/#/flows/new/inbound")
    number = await house.post(
        "/phone-numbers", {"number": "+14155550177", "name": "Reception", "provider": "simulator"}
    )
    await page.reload()
    await page.get_by_label("Name").fill("Front door")
    await page.get_by_label("Number", exact=True).select_option(number["number"])
    await sound_and_narrow(page)
    await page.get_by_role("button", name="Create").click()
    await expect(heading(page, "Front door")).to_be_visible()
    switch = page.get_by_role("switch", name="Takes calls")
    await expect(switch).to_be_checked()
    await switch.click()
    await expect(switch).not_to_be_checked()
    await expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    await sound_and_narrow(page)
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("Greeting").fill("Good day.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Good day.")).to_be_visible()
    await pick(page, "Delete")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(heading(page, "Flows")).to_be_visible()
    await sound_and_narrow(page)
    await house.ask("DELETE", f"/phone-numbers/{number['uuid']}")

"""Contacts, their lists and files, webhooks, keys and settings, as somebody uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from tests.browser.chromium import PHONE, Listener, overflows, violations
from tests.browser.conftest import House

FILE = (
    "Full Name,Mobile,tags,City,Fax\n"
    'Leela Menon,+919876500011,"Branch:Kochi,New",Kochi,1\n'
    "Nobody,12,,Pune,2\n"
    '"Kumar, ""K""",+919876500012,New,Mumbai,\n'
)


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[str]:
    """An address that takes what it is sent."""

    async def taken(request: web.Request) -> web.Response:
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/hook", taken)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


async def at(page: Page, house: House, path: str) -> None:
    """There, with everything loaded, readable for everybody, and no wider than the window."""
    await page.goto(f"{house.url}/#{path}")
    await expect(page.locator("main h1")).to_be_visible()
    await expect(page.locator(".loading")).to_have_count(0)
    assert await violations(page) == []
    assert not await overflows(page)


async def press(page: Page, *names: str) -> None:
    for name in names:
        await page.get_by_role("button", name=name, exact=True).click()


async def test_a_contact_is_made_mended_changed_and_deleted(house: House, page: Page, listener: Listener) -> None:
    listener.forgiven.append("400 (Bad Request)")
    await at(page, house, "/contacts")
    await press(page, "New contact")
    form = page.get_by_role("dialog")
    await form.get_by_label("Name *").fill("Zubin Mistry")
    await form.get_by_label("Phone *").fill("12")
    await press(page, "Create contact")
    await expect(form.get_by_text("Must be in E.164 format")).to_be_visible()
    await expect(form.get_by_label("Phone *")).to_be_focused()
    await form.get_by_label("Phone *").fill("+91 98765 00001")
    await form.get_by_label("Tags").fill("Branch: Surat, VIP")
    await press(page, "Add a row")
    await form.get_by_label("Field 1").fill("city")
    await form.get_by_label("Value 1").fill("Surat")
    await press(page, "Create contact")

    await expect(page.get_by_role("heading", name="Zubin Mistry")).to_be_visible()
    await expect(page.get_by_text("Branch:Surat")).to_be_visible()
    await press(page, "Edit", "Remove city")
    await form.get_by_label("Does not want to be called").check()
    await press(page, "Save")
    await expect(page.get_by_text("Opted out")).to_be_visible()
    await expect(page.get_by_text("city")).to_have_count(0)
    assert await violations(page) == []

    await press(page, "Delete")
    await form.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="Contacts", exact=True)).to_be_visible()
    assert (await house.get("/customers?search=Zubin"))["total"] == 0


async def test_contacts_are_searched_and_changed_together(house: House, page: Page) -> None:
    people = [{"name": f"Bulk {at}", "phone": f"+9198765001{at:02}", "tags": ["Branch:Bhopal"]} for at in range(3)]
    await house.post("/customers/bulk", {"customers": [*people, {"name": "Other", "phone": "+919876500199"}]})
    await at(page, house, "/contacts")
    await page.keyboard.press("/")
    await page.keyboard.type("Bulk")
    await expect(page.get_by_text("3 contacts")).to_be_visible()
    await page.get_by_label("Branch").select_option("Bhopal")
    await expect(page).to_have_url(f"{house.url}/#/contacts?search=Bulk&branch=Bhopal")
    await press(page, "Select all on this page", "Add a tag")
    await page.get_by_role("dialog").get_by_label("Tag").fill("Wave:2")
    await press(page, "Apply")
    await expect(page.get_by_text("3 contacts were tagged")).to_be_visible()
    await expect(page.get_by_role("cell").get_by_text("Wave:2")).to_have_count(3)
    assert (await house.get("/customers?tags=Wave:2"))["total"] == 3


async def test_a_file_is_mapped_and_imported_into_a_list(house: House, page: Page, tmp_path: Path) -> None:
    await at(page, house, "/contacts/lists")
    await page.get_by_role("button", name="New list").first.click()
    await page.get_by_role("dialog").get_by_label("Name *").fill("Monsoon")
    await press(page, "Create list")
    await expect(page.get_by_role("heading", name="Monsoon", exact=True)).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Import into it").first.click()

    file = tmp_path / "people.csv"
    file.write_text(FILE)
    await page.get_by_label("Choose a file").set_input_files(file)
    await expect(page.get_by_label("Meaning of Full Name")).to_have_value("name")
    await page.get_by_label("Meaning of Mobile").select_option("Leave out")
    await expect(page.get_by_role("alert")).to_have_text("Say which column is the phone.")
    await page.get_by_label("Meaning of Mobile").select_option("phone")
    await page.get_by_label("Meaning of Fax").select_option("Leave out")
    assert await violations(page) == []
    await page.get_by_role("button", name="Import", exact=True).click()

    await expect(page.get_by_role("cell", name="invalid phone format")).to_be_visible()
    async with page.expect_download() as download:
        await press(page, "Download as CSV")
    saved = await (await download.value).path()
    kept = await asyncio.to_thread(saved.read_text, encoding="utf-8-sig")
    assert kept.splitlines() == ["row,phone,reason", "2,12,invalid phone format"]
    await page.get_by_role("link", name="See the list").click()
    await expect(page.get_by_text('Kumar, "K"')).to_be_visible()
    [leela] = (await house.get("/customers?search=Leela"))["customers"]
    assert leela["tags"] == ["Branch:Kochi", "New"]
    assert leela["metadata"] == {"Full Name": "Leela Menon", "Mobile": "+919876500011", "City": "Kochi"}


async def test_a_webhook_is_made_tested_and_its_delivery_sent_again(house: House, page: Page, receiver: str) -> None:
    await at(page, house, "/webhooks")
    await page.get_by_role("button", name="New webhook").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name *").fill("Workflow")
    await form.get_by_label("Address *").fill(receiver)
    await form.get_by_label("campaign.completed").check()
    await press(page, "Create webhook")
    await expect(form.get_by_text("whsec_")).to_be_visible()
    await press(page, "I have copied it")

    await expect(page.get_by_role("heading", name="Workflow", exact=True)).to_be_visible()
    await press(page, "Send a test")
    await expect(page.get_by_text("It was taken: answer 202")).to_be_visible()
    await page.get_by_role("button", name="webhook.test").click()
    await expect(form.get_by_text('"event": "webhook.test"')).to_be_visible()
    assert await violations(page) == []
    await form.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("It will be sent again")).to_be_visible()
    await page.keyboard.press("Escape")

    await press(page, "More actions")
    await page.get_by_role("menuitem", name="Turn off").click()
    await form.get_by_role("button", name="Turn off").click()
    await expect(page.get_by_text("This webhook is off")).to_be_visible()
    assert await violations(page) == []
    await press(page, "Turn on")
    await expect(page.get_by_text("This webhook is off")).to_have_count(0)
    [webhook] = [one for one in (await house.get("/webhooks"))["webhooks"] if one["name"] == "Workflow"]
    assert (webhook["events"], webhook["is_active"]) == (["call.ended", "campaign.completed"], True)


async def test_a_key_is_shown_once_and_revoked(house: House, page: Page) -> None:
    await at(page, house, "/keys")
    await press(page, "New key")
    form = page.get_by_role("dialog")
    await form.get_by_label("Name *").fill("Robot")
    await press(page, "Nothing")
    await form.get_by_label("See names and phones").check()
    await press(page, "Create key")
    key = await form.get_by_text("nn_k_").inner_text()
    await press(page, "I have copied it")
    mine = {"Authorization": f"Bearer {key}"}
    async with house.http.get(f"{house.url}/api/voice/customers", headers=mine) as allowed:
        assert allowed.status == 200

    await press(page, "Revoke Robot")
    await form.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("Robot was revoked")).to_be_visible()
    async with house.http.get(f"{house.url}/api/voice/customers", headers=mine) as refused:
        assert refused.status == 401


async def test_settings_are_kept_and_credits_added(house: House, page: Page) -> None:
    before = await house.get("/organisation")
    await at(page, house, "/settings")
    await page.get_by_label("Calls at once").fill("7")
    await press(page, "Save")
    await expect(page.get_by_text("The settings were saved")).to_be_visible()
    assert (await house.get("/organisation"))["max_parallel_calls"] == 7
    await house.ask("PATCH", "/organisation", {"max_parallel_calls": before["max_parallel_calls"]})

    await at(page, house, "/settings?tab=credits")
    balance = (await house.get("/credits"))["balance"]
    await press(page, "Add credits")
    form = page.get_by_role("dialog")
    await form.get_by_label("Amount *").fill("12.5")
    await form.get_by_label("Note").fill("A deposit")
    await form.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("cell", name="A deposit")).to_be_visible()
    assert (await house.get("/credits"))["balance"] == balance + 12.5

    await at(page, house, "/settings?tab=overrides")
    await page.get_by_label("Assistant overrides").fill("[]")
    await press(page, "Save")
    await expect(page.get_by_text("This must be a JSON object")).to_be_visible()


async def test_every_page_fits_a_phone(house: House, page: Page) -> None:
    width, height = PHONE
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme="dark")
    for path in ("/contacts", "/contacts/import", "/contacts/lists", "/webhooks", "/keys", "/settings?tab=credits"):
        await at(page, house, path)

"""Signing in, what stands around every page, the overview, and a live call that is watched and ended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from storage.keys import new_token
from tests.browser.chromium import PHONE, Listener, overflows, violations
from tests.browser.conftest import House
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.line import SimulatedLine
from transports.simulator.people import Person, Silence

CALLER = "+919800000077"


@pytest_asyncio.fixture(loop_scope="session")
async def caller(house: House) -> AsyncIterator[asyncio.Task[object]]:
    """Somebody who is on the line and says nothing, until the call is ended."""
    line = SimulatedLine(
        f"{house.url}/ws/exotel".replace("http", "ws", 1),
        Person([Silence(120)], rate=8000),
        CallFacts(from_number=CALLER),
        speed=1,
    )
    calling = asyncio.create_task(line.run(house.http))
    yield calling
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)


async def test_only_a_key_that_is_known_signs_in_and_it_is_forgotten_on_the_way_out(
    page: Page, house: House, listener: Listener
) -> None:
    await page.get_by_role("button", name="Sign out").click()
    key = page.get_by_label("API key")
    await expect(page.get_by_role("heading", name="Sign in to Vaani")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    assert await violations(page) == []
    listener.forgiven.append("401")
    await key.fill(new_token())
    await key.press("Enter")
    await expect(page.get_by_text("This key is not known here")).to_be_visible()
    await key.fill(house.key)
    await key.press("Enter")
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    assert house.key not in page.url


async def test_everything_is_reached_by_keys(page: Page) -> None:
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Help and shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("g")
    await page.keyboard.press("l")
    await expect(page.get_by_role("heading", name="Live", level=1)).to_be_focused()
    await expect(page.get_by_role("link", name="Live", exact=True)).to_have_attribute("aria-current", "page")
    await page.goto(f"{page.url.split('#')[0]}#/nowhere")
    await page.get_by_role("link", name="Go to the overview").click()
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_focused()


async def test_the_overview_is_read_in_the_dark_and_on_a_phone(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Recent calls")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Dark colours").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await violations(page) == []
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert not await overflows(page)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("link", name="Live", exact=True).click()
    await expect(page.get_by_role("heading", name="Live", level=1)).to_be_visible()
    await expect(page.get_by_role("link", name="Calls", exact=True)).to_be_hidden()
    assert not await overflows(page)


async def test_every_module_of_the_first_view_is_named_in_the_page_itself(page: Page) -> None:
    """None is found only when another was read: one round trip for the page, one for all the rest."""
    await page.reload()
    await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    found = await page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    modules = {name for name in found if "/console/" in name and ".js" in name}
    told = set(await page.evaluate("[...document.querySelectorAll('link[rel=modulepreload]')].map(one => one.href)"))
    assert [name.split("/console/")[1].split("?")[0] for name in modules - told] == ["early_theme.js"]


async def test_a_live_call_is_watched_and_ended(page: Page, caller: asyncio.Task[object]) -> None:
    await page.get_by_role("link", name="Live", exact=True).click()
    await page.get_by_role("table").get_by_role("link", name="+91 98000 00077").click()
    words = page.get_by_role("region", name="What is said")
    await expect(words).to_contain_text(re.compile(r"Agent · .*Hello", re.DOTALL))
    await page.get_by_role("button", name="Listen").click()
    await expect(page.get_by_role("meter")).to_have_count(2)
    await page.get_by_label("Have the agent say").fill("We are open until six today.")
    await page.get_by_label("Have the agent say").press("Enter")
    await expect(words).to_contain_text("open until six")
    await page.get_by_role("button", name="Mute the agent").click()
    await expect(words).to_contain_text("The agent is muted")
    assert await violations(page) == []
    await page.get_by_role("button", name="End call").click()
    await page.get_by_role("dialog").get_by_role("button", name="End call").click()
    await expect(page.get_by_text("The call ended: Connected")).to_be_visible()
    await expect(page.get_by_role("link", name="Open its record")).to_be_visible()
    await asyncio.wait_for(caller, 10)


async def test_a_key_in_the_address_signs_in_and_leaves_it(house: House, browser: Browser, listener: Listener) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        listener.listen(page)
        await page.goto(f"{house.url}/#/calls")
        await expect(page.get_by_role("heading", name="Sign in to Vaani")).to_be_visible()
        await page.goto(f"{house.url}/#key={house.key}")
        await expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
        assert page.url == f"{house.url}/#/"
    assert listener.unforgiven == []

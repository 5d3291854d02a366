"""The pages of calls and of latency, over a call that is written into the server's own database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from playwright.async_api import Page, expect

from storage.assets import Delivery, DeliveryState
from storage.database import Database
from storage.ids import LOG, new_id
from storage.moment_records import Moment, MomentKind
from storage.records import Call, CallStatus, Outcome, Speaker, Turn, TurnLatency
from tests.browser.chromium import PHONE, overflows, violations
from tests.browser.conftest import House
from tests.control_api.test_call_recording import write
from tests.storage.samples import a_call, url

CUSTOMER = "+919812345678"
SLOWEST = 59_000.0
"""Milliseconds: no other answer that the house has measured takes as long."""


@pytest_asyncio.fixture(loop_scope="session")
async def call(house: House) -> Call:
    """Over, recorded, with an interruption, dead air, and a webhook that was told of it in vain."""
    hook = await house.post("/webhooks", {"name": "CRM", "url": f"{house.url}/hook", "events": ["call.ended"]})
    now = datetime.now(UTC)
    async with Database(url(house.data / "vaani.db")) as database:
        async with database.begin() as work:
            organisation = await work.organisations.first()
        assert organisation is not None
        call = a_call(
            organisation.id, started_at=now - timedelta(minutes=2), status=CallStatus.IN_PROGRESS, from_number=CUSTOMER
        )
        call = replace(call, recording=f"recordings/{call.id}.wav", answered_at=call.started_at)
        assert call.recording is not None
        write(house.data / call.recording)
        log = Delivery(new_id(LOG), organisation.id, hook["uuid"], "evt_1", "call.ended", {}, triggered_at=now)
        log = replace(log, call_id=call.id, state=DeliveryState.FAILED, trouble="refused")
        async with database.begin(organisation.id) as work:
            await work.calls.open(call)
            await work.calls.add_turns(
                [
                    Turn(call.id, 0, Speaker.CUSTOMER, "When do you open?", 0.2, 1.0),
                    Turn(call.id, 1, Speaker.AGENT, "We are open from", 2.0, 1.0, interrupted=True),
                ]
            )
            steps = 200.0, 500.0, 300.0, 700.0, 800.0, SLOWEST, SLOWEST
            measured = TurnLatency(call.id, 1, *steps, measured_at=now)
            await work.calls.add_latencies([measured])
            await work.moments.add(
                [
                    Moment(call.id, MomentKind.DEAD_AIR, 1.9, 0.6, noticed_at=now),
                    Moment(call.id, MomentKind.INTERRUPTION, 3.0, 0.0, noticed_at=now),
                ]
            )
            await work.deliveries.add([log])
            await work.calls.ended(
                call.id, at=now, outcome=Outcome.CONNECTED, reason="goodbye", duration=3.2, recording=call.recording
            )
    return call


async def test_a_call_is_found_by_its_filters_and_heard_turn_by_turn(page: Page, house: House, call: Call) -> None:
    await page.goto(f"{house.url}/#/calls")
    await page.get_by_label("Outcome").select_option("failed")
    await expect(page.get_by_role("row").filter(has_text="98123 45678")).to_have_count(0)
    await page.get_by_label("Outcome").select_option("connected")
    row = page.get_by_role("row").filter(has_text="98123 45678")
    await expect(row).to_be_visible()
    assert "outcome=connected" in page.url
    assert await violations(page) == []

    await row.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("98123 45678")
    place = page.get_by_role("slider")
    await expect(place).to_have_attribute("aria-valuenow", "0")
    await page.get_by_role("button", name="Go to 0:02").click()
    await expect(place).to_have_attribute("aria-valuenow", "2")
    words = page.get_by_role("listitem").filter(has_text="We are open from")
    await expect(words).to_have_attribute("aria-current", "true")
    await expect(words).to_contain_text("Interrupted")
    await expect(page.get_by_text("Dead air: the customer heard nothing for 600 ms")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="CRM")).to_contain_text("Given up")
    await place.press("Home")
    await page.get_by_role("button", name="Play").click()
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await expect(place).not_to_have_attribute("aria-valuenow", "0")
    assert await violations(page) == []
    width, height = PHONE
    await page.set_viewport_size({"width": width, "height": height})
    assert not await overflows(page)


async def test_the_slowest_answer_leads_to_its_turn_in_its_call(page: Page, house: House, call: Call) -> None:
    await page.goto(f"{house.url}/#/latency")
    await page.get_by_role("button", name="15 minutes").click()
    slowest = page.get_by_role("table", name="Slowest answers").get_by_role("row").filter(has_text="59.00 s").first
    await expect(slowest).to_be_visible()
    await expect(page.get_by_role("table", name="Where the time goes")).to_contain_text("Silence")
    assert await violations(page) == []
    await slowest.get_by_role("link").click()
    await expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "2")
    await expect(page.locator("[aria-current=true]")).to_contain_text("We are open from")

"""Vapi's own SDK for Python, unchanged, pointed at a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter
from vapi import AsyncVapi
from vapi.core.api_error import ApiError
from vapi.types import AssistantOverrides, CampaignPaginatedResponse, CreateCustomerDto, SchedulePlan

from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN

pytestmark = pytest.mark.usefixtures("no_models")

EARLIEST = datetime(2099, 1, 1, 9, tzinfo=UTC)
PLAN = SchedulePlan(earliest_at=EARLIEST, latest_at=EARLIEST + timedelta(hours=9))
OVERRIDES = AssistantOverrides(first_message="Hello {{name|there}}", variable_values={"order": "42"})
CUSTOMER = CreateCustomerDto(
    number="+14155550192",
    number_e_164_check_enabled=True,
    name="Jordan",
    email="jordan@example.com",
    external_id="crm-1",
    extension="12",
    assistant_overrides=OVERRIDES,
)


@pytest.fixture
async def house(data: Path) -> AsyncIterator[Serving]:
    async with serving(data, rate_limits="off") as house:
        yield house


@pytest.fixture
async def vapi(house: Serving) -> AsyncIterator[AsyncVapi]:
    async with httpx.AsyncClient() as http:
        yield AsyncVapi(token=TOKEN, base_url=house.server.url, httpx_client=http)


async def made(house: Serving, path: str, body: dict[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with house.http.post(f"{house.server.url}/api/voice{path}", json=body, headers=headers) as answer:
        assert answer.status == 201
        return str((await answer.json())["uuid"])


async def ends(house: Serving) -> dict[str, str]:
    """Who calls, and from where."""
    return {
        "assistant_id": await made(house, "/agents", {"name": "Aria", "role": "Sales"}),
        "phone_number_id": await made(house, "/phone-numbers", {"number": "+15550010000"}),
    }


def conforms(model: BaseModel) -> None:
    """What the SDK has built unchecked is what its own types say. Of those that have no value it may say nothing."""
    said = model.model_dump(by_alias=True, exclude_none=True)
    TypeAdapter(type(model)).validate_python(said)


async def test_a_campaign_is_created_listed_got_changed_and_deleted(house: Serving, vapi: AsyncVapi) -> None:
    both = await ends(house)
    campaigns = vapi.campaigns
    campaign = await campaigns.campaign_controller_create(
        name="Q2 Sales Campaign", customers=[CUSTOMER], schedule_plan=PLAN, **both
    )
    conforms(campaign)
    assert campaign.status == "scheduled"
    assert campaign.name == "Q2 Sales Campaign"
    assert (campaign.assistant_id, campaign.phone_number_id) == tuple(both.values())
    assert campaign.schedule_plan == PLAN
    assert campaign.created_at.tzinfo is not None
    assert campaign.calls == {}
    counters = (campaign.calls_counter_scheduled, campaign.calls_counter_queued, campaign.calls_counter_in_progress)
    assert counters == (1, 0, 0)
    assert (campaign.calls_counter_ended, campaign.calls_counter_ended_voicemail) == (0, 0)
    (customer,) = campaign.customers
    conforms(customer)
    for name in CUSTOMER.model_fields_set:
        assert getattr(customer, name) == getattr(CUSTOMER, name), name

    page = await campaigns.campaign_controller_find_all()
    conforms(page)
    found = await campaigns.campaign_controller_find_one(campaign.id)
    assert page.results == [found]
    assert found.model_copy(update={"warnings": getattr(campaign, "warnings", None)}) == campaign
    assert (page.metadata.items_per_page, page.metadata.total_items, page.metadata.current_page) == (100, 1, 1)

    later = SchedulePlan(earliest_at=EARLIEST + timedelta(days=1))
    changed = await campaigns.campaign_controller_update(campaign.id, name="Q3", schedule_plan=later)
    assert changed.name == "Q3"
    assert changed.schedule_plan is not None
    assert changed.schedule_plan.earliest_at == later.earliest_at
    ended = await campaigns.campaign_controller_update(campaign.id, status="ended")
    assert (ended.status, ended.ended_reason) == ("ended", "campaign.scheduled.ended-by-user")

    gone = await campaigns.campaign_controller_remove(campaign.id)
    assert gone.id == campaign.id
    with pytest.raises(ApiError) as refused:
        await campaigns.campaign_controller_find_one(campaign.id)
    assert (refused.value.status_code, refused.value.body) == (404, {"detail": "Campaign not found"})
    assert (await campaigns.campaign_controller_find_all()).results == []


async def test_every_filter_is_sent_as_the_server_reads_it(house: Serving, vapi: AsyncVapi) -> None:
    campaigns = vapi.campaigns
    both = await ends(house)
    first, second = [
        await campaigns.campaign_controller_create(name=name, customers=[CUSTOMER], schedule_plan=plan, **both)
        for name, plan in (("A", PLAN), ("B", None))
    ]
    assert second.status == "in-progress"

    async def found(**query: Any) -> list[str]:
        page: CampaignPaginatedResponse = await campaigns.campaign_controller_find_all(**query)
        conforms(page)
        return [campaign.id for campaign in page.results]

    assert await found() == [second.id, first.id]
    assert await found(sort_order="ASC") == [first.id, second.id]
    assert await found(id=first.id) == [first.id]
    assert await found(status="in-progress") == [second.id]
    assert await found(page=2, limit=1) == await found(page=2.0, limit=1.0) == [first.id]
    soon = datetime.now(UTC) + timedelta(hours=1)
    ago = datetime.now().astimezone() - timedelta(hours=1)
    for name in ("created_at", "updated_at"):
        for bound, time, all_of_them in (
            ("gt", ago, True),
            ("ge", soon, False),
            ("lt", soon, True),
            ("le", ago, False),
        ):
            assert bool(await found(**{f"{name}_{bound}": time})) is all_of_them


async def test_what_is_refused_is_told_in_a_sentence(house: Serving, vapi: AsyncVapi) -> None:
    both = await ends(house)
    with pytest.raises(ApiError) as refused:
        await vapi.campaigns.campaign_controller_create(name="A", customers=[CreateCustomerDto(number="1")], **both)
    assert refused.value.status_code == 400
    assert refused.value.body == {"detail": "customers.0.number must be in E.164 format"}
    async with httpx.AsyncClient() as http:
        stranger = AsyncVapi(token="nn_k_" + "b" * 40, base_url=house.server.url, httpx_client=http)
        with pytest.raises(ApiError) as refused:
            await stranger.campaigns.campaign_controller_find_all()
    assert refused.value.status_code == 401

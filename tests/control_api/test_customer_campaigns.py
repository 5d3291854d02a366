"""Which campaigns a customer is in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.campaigns import INDIA, House


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def test_the_campaigns_that_took_a_customer_in_are_listed_latest_first(
    api: Api, database: Database, seeded: Seeded
) -> None:
    house = House(database, seeded)
    await house.people(INDIA.format(0), INDIA.format(1))
    first, second = await house.launched(), await house.launched()
    one, other = await house.contacts(second)
    shown = (await api.get(f"/customers/{one.customer_id}/campaigns")).body["flows"]
    assert [(part["flow_uuid"], part["name"]) for part in shown] == [(second.id, second.name), (first.id, first.name)]
    assert (shown[0]["state"], shown[0]["attempts"], shown[0]["outcome"]) == ("pending", 0, None)
    theirs = (await api.get(f"/v1/contacts/{other.customer_id}/campaigns")).body["campaigns"]
    assert [part["campaign_uuid"] for part in theirs] == [second.id, first.id]


async def test_it_takes_the_scopes_of_both(api: Api, database: Database, seeded: Seeded) -> None:
    house = House(database, seeded)
    await house.people(INDIA.format(0))
    [one] = await house.contacts(await house.launched())
    token = await api.key(Scope.CONTACTS_READ)
    answer = await api.get(f"/customers/{one.customer_id}/campaigns", token=token)
    assert answer.status == 403
    assert "voice:campaigns:read" in answer.detail

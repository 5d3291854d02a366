"""Which campaigns a customer is in, and how far each of them is with them."""

from __future__ import annotations

from pydantic import Field

from control_api.access.auth import require
from control_api.people import customers
from control_api.web.asked import Asked
from control_api.web.errors import not_found
from control_api.web.shapes import Shown, Time
from storage.dialing import ContactState
from storage.records import Outcome, Scope

contract = customers.contract.again()

MOST = 20
"""Campaigns that are told: the latest."""


class PartShown(Shown):
    flow_uuid: str = Field(alias="campaign_uuid")
    name: str = Field(description="of the campaign")
    state: ContactState
    attempts: int
    outcome: Outcome | None = Field(description="of the last attempt")
    reason: str | None = Field(description="of the last attempt, or why nobody calls them")
    due_at: Time | None = Field(description="not called before; null: not called any more")
    updated_at: Time


class PartsShown(Shown):
    flows: list[PartShown] = Field(alias="campaigns")


@contract.get("/{customer_uuid}/campaigns")
async def campaigns(asked: Asked, customer_uuid: str) -> PartsShown:
    """List the latest 20 campaigns that a customer was taken into. Needs the scope voice:campaigns:read too."""
    require(asked.caller, Scope.CAMPAIGNS_READ)
    async with asked.read() as work:
        if await work.customers.get(customer_uuid) is None:
            raise not_found("Customer")
        found = await work.contacts.in_flows(customer_uuid, MOST)
    return PartsShown(
        flows=[
            PartShown(
                flow_uuid=contact.flow_id,
                name=name,
                state=contact.state,
                attempts=contact.attempts,
                outcome=contact.outcome,
                reason=contact.reason or None,
                due_at=contact.due_at,
                updated_at=contact.updated_at,
            )
            for contact, name in found
        ]
    )

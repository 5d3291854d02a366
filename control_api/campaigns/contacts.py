"""Who is in a campaign, how far each of them is, and what was tried."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import Field

from control_api.access.auth import require
from control_api.campaigns import flow_moves
from control_api.campaigns.analytics import campaign
from control_api.credits import PARTS
from control_api.web.asked import Asked
from control_api.web.errors import not_found
from control_api.web.shapes import Page, Shown, Time
from dialer.windows import Schedule, next_opening
from dialer.zones import Place
from storage.dialing import Attempt, Contact, ContactState, Run
from storage.records import Flow, Outcome, Scope

contract = flow_moves.contract.again()


class ContactsQuery(Page):
    state: ContactState | None = None


class ContactShown(Shown):
    customer_uuid: str = Field(alias="contact_uuid")
    name: str | None = Field(description="the customer's, as it is now; null: deleted")
    phone: str
    state: ContactState
    attempts: int
    outcome: Outcome | None = Field(description="of the last attempt")
    reason: str | None = Field(description="of the last attempt, or why nobody calls them")
    due_at: Time | None = Field(description="not called before; null: not called any more")
    next_attempt_at: Time | None = Field(description="first hour from `due_at` on in which they may be called")
    updated_at: Time


class ContactsPage(Shown):
    contacts: list[ContactShown]
    total: int


class AttemptShown(Shown):
    call_uuid: str
    attempt: int
    decided_at: Time
    ended_at: Time | None
    outcome: Outcome | None
    reason: str | None
    from_number: str
    talk_seconds: float
    cost: float = Field(description="credits")

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptShown:
        return cls(
            call_uuid=attempt.id,
            attempt=attempt.number,
            decided_at=attempt.decided_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            reason=attempt.reason or None,
            from_number=attempt.caller_id,
            talk_seconds=round(attempt.talk_seconds, 1),
            cost=attempt.cost / PARTS,
        )


class ContactWithHistory(ContactShown):
    history: list[AttemptShown] = Field(description="oldest first")


@contract.get("/{flow_uuid}/contacts", errors=(400,))
async def every(asked: Asked, flow_uuid: str, query: ContactsQuery) -> ContactsPage:
    """List who is in a campaign, as they were taken in. Needs the scope voice:contacts:read too."""
    require(asked.caller, Scope.CONTACTS_READ)
    async with asked.read() as work:
        flow = await campaign(work, flow_uuid)
        run = await work.runs.get(flow_uuid)
        if run is None:
            return ContactsPage(contacts=[], total=0)
        found = await work.contacts.page(flow_uuid, query.limit, query.offset, state=query.state)
        names = await work.names.of(customer_ids=[contact.customer_id for contact in found])
    total: int = run.contacts if query.state is None else getattr(run, query.state)
    return ContactsPage(contacts=await asyncio.to_thread(_shown, flow, run, found, names, asked.now), total=total)


@contract.get("/{flow_uuid}/contacts/{customer_uuid}", errors=(400,))
async def get(asked: Asked, flow_uuid: str, customer_uuid: str) -> ContactWithHistory:
    """Get one of them with all attempts. Needs the scope voice:contacts:read too."""
    require(asked.caller, Scope.CONTACTS_READ)
    async with asked.read() as work:
        flow = await campaign(work, flow_uuid)
        run = await work.runs.get(flow_uuid)
        found = await work.contacts.of_customer(flow_uuid, customer_uuid)
        if run is None or found is None:
            raise not_found("Contact")
        attempts = await work.attempts.of_contacts([found.number])
        names = await work.names.of(customer_ids=[found.customer_id])
    (contact,) = await asyncio.to_thread(_shown, flow, run, [found], names, asked.now)
    history = [AttemptShown.of(attempt) for attempt in attempts.get(found.number, ())]
    return ContactWithHistory(**dict(contact), history=history)


def _shown(
    flow: Flow, run: Run, contacts: Sequence[Contact], names: Mapping[str, str], now: datetime
) -> list[ContactShown]:
    schedule = Schedule.of(flow)
    shown = []
    for contact in contacts:
        time.sleep(0)  # or the event loop would wait for Python's 5 ms to be over
        due, opens = contact.due_at, None
        if due is not None:
            opens = next_opening(schedule, Place.parse(run.places[contact.place]), max(due, now))
        shown.append(
            ContactShown(
                customer_uuid=contact.customer_id,
                name=names.get(contact.customer_id),
                phone=contact.phone,
                state=contact.state,
                attempts=contact.attempts,
                outcome=contact.outcome,
                reason=contact.reason or None,
                due_at=due,
                next_attempt_at=opens,
                updated_at=contact.updated_at,
            )
        )
    return shown
